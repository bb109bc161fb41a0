"""A copy of a network in which modules stand at chosen steps, and what it keeps.

Models inside the model stay models of their own, weights are moved over to the bit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import KerasTensor

from datasets.errors import ModelError
from keras_models.compression.changes.contract import Changed
from keras_models.compression.changes.sites import Site, sites
from keras_models.graphs.copying import copied
from keras_models.graphs.derived_state import renew_derived_state
from keras_models.graphs.shapes import steps
from keras_models.rebuilding import native_resolution

Put = Callable[[KerasTensor], KerasTensor]
_NAMED = 3  # convolutions that a refusal names


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What stands where in the copy, by the numbers of the graph's steps."""

    instead: Mapping[int, Put]  # of the step's own operation
    after: Mapping[int, Put]  # behind it
    replaced: Sequence[str]
    left: Sequence[str] = ()


def passed(features: KerasTensor) -> KerasTensor:
    """Nothing, in the place of an operation that a module does itself."""
    return features


def rewritten(model: keras.Model, change: str, standing: Standing) -> Changed:
    """The changed copy.

    Raises:
        ModelError: no square picture of a fixed size, or a graph that cannot be copied.
    """
    resolution = native_resolution(model)
    own = [step.operation for step in steps(model)]
    copies: dict[int, Any] = {}
    stands = [
        _alone(standing.instead[number])
        if number in standing.instead
        else _behind(standing.after.get(number), copies, operation)
        for number, operation in enumerate(own)
    ]
    try:
        made = copied(model, resolution, stands)
        kept = [operation for operation in own if id(operation) in copies]
        for operation in kept:
            copies[id(operation)].set_weights(operation.get_weights())
        name = f"{model.name}_{change}"
        made = keras.Model(made.inputs[0], made.outputs[0], name=name)
    except Exception as error:  # a layer of the user's may raise anything
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError.of(
            model.name,
            f"cannot be changed by {change} ({first_line})",
            do="Build it of Keras's own layers, each under a name of its own, and save "
            "it again.",
        ) from error
    renew_derived_state(made)
    return Changed(
        model=made,
        kept=_places(model, made, [(one, copies[id(one)]) for one in kept]),
        replaced=tuple(standing.replaced),
        left=tuple(standing.left),
    )


def _alone(put: Put) -> Any:
    def called(*args: Any, **kwargs: Any) -> KerasTensor:
        return put(args[0] if args else kwargs["inputs"])

    return called


def _behind(put: Put | None, copies: dict[int, Any], operation: Any) -> Any:
    """The operation's copy, with a module behind it; a bare operation as it is."""
    if not isinstance(operation, keras.Layer):
        stand: Any = operation
    elif id(operation) in copies:
        stand = copies[id(operation)]
    else:
        stand = type(operation).from_config(operation.get_config())
        copies[id(operation)] = stand
    if put is None:
        return stand
    return lambda *args, **kwargs: put(stand(*args, **kwargs))


def _places(
    model: keras.Model, made: keras.Model, pairs: Sequence[tuple[Any, Any]]
) -> tuple[tuple[int, int], ...]:
    """Where each kept tensor lies before and after, in the order of the parent's."""
    before = {id(variable): place for place, variable in enumerate(model.weights)}
    after = {id(variable): place for place, variable in enumerate(made.weights)}
    kept = {
        (before[id(variable)], after[id(copied_one)])
        for layer, copy in pairs
        for variable, copied_one in zip(layer.weights, copy.weights, strict=True)
    }
    return tuple(sorted(kept))


@dataclass(frozen=True, kw_only=True)
class ModuleChange:
    """A module in the place of each k x k convolution that it fits."""

    name: str
    what: str
    paper: str
    keeps: str
    refuses: Callable[[Site], str]  # why not here; empty: it fits
    put: Callable[[Site, KerasTensor], KerasTensor]

    def applies(self, model: keras.Model) -> str:
        """Empty, or why it can do nothing for this model, in one line."""
        return self._why_not(*self._chosen(model))

    def apply(self, model: keras.Model) -> Changed:
        """The changed model; `model` itself stays as it is.

        Raises:
            ModelError: it does not apply; says why.
        """
        fitting, left = self._chosen(model)
        if why := self._why_not(fitting, left):
            raise ModelError.of(model.name, why)
        instead = {site.step: self._at(site) for site in fitting}
        instead |= {site.padding_step: passed for site in fitting if site.padded}
        standing = Standing(
            instead=instead,
            after={},
            replaced=[site.name for site in fitting],
            left=left,
        )
        return rewritten(model, self.name, standing)

    def _why_not(self, fitting: list[Site], left: list[str]) -> str:
        if fitting:
            return ""
        named = [*left[:_NAMED], "..."] if len(left) > _NAMED else left
        reasons = f": {', '.join(named)}" if named else ""
        return f"no k x k convolution that {self.name} can take the place of{reasons}"

    def _at(self, site: Site) -> Put:
        return lambda features: self.put(site, features)

    def _chosen(self, model: keras.Model) -> tuple[list[Site], list[str]]:
        possible, left = sites(model)
        reasons = [(site, self.refuses(site)) for site in possible]
        fitting = [site for site, why in reasons if not why]
        left += [f"{site.name} ({why})" for site, why in reasons if why]
        return fitting, left
