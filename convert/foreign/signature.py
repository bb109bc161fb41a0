"""Where pictures enter a foreign .tflite: the signature that is an image classifier."""

import math
from dataclasses import dataclass

from convert.untrusted.tflite_file import Graph, GraphTensor, TfliteFile
from datasets.errors import BundleError

_DTYPES = ("float32", "uint8", "int8")
_USUAL = "serving_default"


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """What a runtime runs; a file without signatures has empty names."""

    subgraph: int
    signature: str = ""
    input: str = ""
    output: str = ""
    remarks: tuple[str, ...] = ()


def entrance_of(model: TfliteFile, wanted: str | None) -> Entrance:
    """The signature asked for, serving_default, or the only one that classifies.

    Raises:
        InputError: no image classifier, or several.
    """
    places = {chosen.name: place for place, chosen in enumerate(model.signatures)}
    if wanted is not None and wanted not in places:
        raise BundleError.of(
            model.where,
            f"no signature {wanted!r}; the file has {_named(places) or 'none'}",
        )
    if not places:
        _check(model, 0)
        return Entrance(subgraph=0)
    said = ""
    if wanted is None and len(places) > 1:
        wanted = _chosen(model, list(places))
        said = f"Of its signatures {_named(places)} it is {wanted}."
    elif wanted is None:
        wanted = next(iter(places))
    chosen = model.signatures[places[wanted]]
    _check(model, chosen.subgraph)
    return Entrance(
        subgraph=chosen.subgraph,
        signature=chosen.name,
        input=next(iter(chosen.inputs), ""),
        output=next(iter(chosen.outputs), ""),
        remarks=(said,) if said else (),
    )


def _chosen(model: TfliteFile, names: list[str]) -> str:
    fitting = [
        signature.name
        for signature in model.signatures
        if not _problem(model.graphs[signature.subgraph])
    ]
    if _USUAL in fitting:
        return _USUAL
    if len(fitting) == 1:
        return fitting[0]
    raise BundleError.of(
        model.where,
        f"{len(fitting)} of its signatures {_named(names)} are image classifiers",
        "`signature=NAME`",
    )


def _named(names: "list[str] | dict[str, int]") -> str:
    shown = [
        "".join(c if c.isprintable() else "_" for c in name)[:60] for name in names
    ]
    return ", ".join(shown[:8]) + (", ..." if len(shown) > 8 else "")


def _check(model: TfliteFile, place: int) -> None:
    if problem := _problem(model.graphs[place]):
        raise BundleError.of(model.where, problem)


def _problem(graph: Graph) -> str:
    """Why a graph is no image classifier; empty: it is one."""
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return (
            f"{len(graph.inputs)} inputs and {len(graph.outputs)} outputs; expected an "
            "image classifier: one picture in, one list of scores out."
        )
    given, scores = graph.inputs[0], graph.outputs[0]
    if problem := _problem_of_input(given.shape):
        return problem
    shape = scores.shape
    if not shape or math.prod(shape) != shape[-1] or shape[-1] < 1:
        return (
            f"output of shape {shape}; expected one score a class, such as (1, 1001)."
        )
    for tensor in (given, scores):
        if tensor.dtype not in _DTYPES:
            return f"{_name(tensor)} is {tensor.dtype}; expected {', '.join(_DTYPES)}."
    if scores.dtype != "float32" and scores.scales != 1:
        return (
            f"{_name(scores)} is {scores.dtype} with {scores.scales or 'no'} scales; "
            "expected one, which says what its numbers mean."
        )
    return ""


def _name(tensor: GraphTensor) -> str:
    return repr("".join(c if c.isprintable() else "_" for c in tensor.name)[:60])


def _problem_of_input(shape: tuple[int, ...]) -> str:
    expected = "expected one square RGB picture, such as (1, 224, 224, 3)"
    if len(shape) == 4 and shape[3] == 3 and shape[1] == shape[2] and shape[0] != 1:
        return (
            f"input of shape {shape}; {expected}: convert the model with a batch of 1, "
            f"not {shape[0]}."
        )
    if len(shape) == 4 and shape[1] == 3 and shape[2] == shape[3] != 3:
        return (
            f"input of shape {shape}; {expected}: it has its channels first; convert "
            "the model with channels last."
        )
    if len(shape) == 4 and shape[3] == 1 and shape[1] == shape[2] > 1:
        return (
            f"input of shape {shape}; {expected}: it takes grey pictures; repeat their "
            "channel inside the model, which then takes RGB."
        )
    if len(shape) != 4 or shape[0] != 1 or shape[1] != shape[2] or shape[3] != 3:
        return f"input of shape {shape}; {expected}."
    return ""
