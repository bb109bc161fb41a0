"""Code of the user's own that a model file needs: run only where it is trusted.

A model file is data from a stranger. Its configuration names classes; those of Keras
are looked up, all others are refused before anything is loaded.
"""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from datasets.errors import ModelError

Json = dict[str, Any]

# Where classes and functions of a plain model live; saving, utils and config are not
# here: they hold functions that read and write files.
_KERAS_ROOMS = (
    "activations",
    "applications",
    "backend",
    "constraints",
    "dtype_policies",
    "engine",
    "initializers",
    "layers",
    "mixed_precision",
    "models",
    "ops",
    "quantizers",
    "random",
    "regularizers",
)


@dataclass(frozen=True)
class Trust:
    """What the user lets a model file do."""

    code: bool = False  # --trust-code: Lambda layers, --custom-objects
    objects: str | None = None  # --custom-objects MODULE[:NAME[,NAME..]]


NO_TRUST = Trust()


def custom_objects(trust: Trust) -> dict[str, Any]:
    """The user's classes and functions by name.

    Raises:
        InputError: they are not trusted, or not there.
    """
    if trust.objects is None:
        return {}
    if not trust.code:
        raise ModelError(
            "custom_objects",
            trust.objects,
            "",
            "Add `trust_code` if it is yours.",
            fault="runs that module",
        )
    name, _, wanted = trust.objects.partition(":")
    module = _imported(name)
    names = wanted.split(",") if wanted else _own_names(module)
    missing = [one for one in names if not hasattr(module, one)]
    if missing:
        raise ModelError(
            "custom_objects",
            trust.objects,
            "MODULE:NAME[,NAME..], such as my_layers:Attention",
            fault=f"{name} has no {', '.join(missing)}",
        )
    return {one: getattr(module, one) for one in names}


def check_config(config: Json, given: dict[str, Any], trust: Trust, where: str) -> None:
    """Refuses a configuration that would run code, unless that is trusted.

    Args:
        given: of `custom_objects`.
        where: the file, for the message.
    Raises:
        InputError: names the first class that is not Keras's.
    """
    for layer in _objects(config):
        kind = str(layer.get("class_name"))
        if kind in ("Lambda", "__lambda__"):
            if not trust.code:
                raise ModelError.of(
                    where,
                    f"holds a Lambda layer ({_name(layer)}): code in a model file, "
                    "which is not run",
                    "",
                    "Put a layer such as Rescaling in its place and save again; or "
                    "say `trust_code` if you wrote the file.",
                )
        elif kind not in given and not _known(layer):
            raise ModelError.of(
                where,
                f"{kind} ({_name(layer)}, of {layer.get('module')}) is no layer of "
                "Keras",
                "",
                f"If it is yours: `trust_code` `custom_objects=MODULE:{kind}`, "
                "MODULE being the Python file that defines it.",
            )


def _objects(value: Any) -> Iterator[Json]:
    """Everything in a configuration that names a class."""
    if isinstance(value, dict):
        kind = str(value.get("class_name", "__"))  # __keras_tensor__ and its like
        if kind == "__lambda__" or not kind.startswith("__"):
            yield value
        for item in value.values():
            yield from _objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


def _known(layer: Json) -> bool:
    """Whether Keras itself, or a class that this process registered, is meant."""
    registered = layer.get("registered_name")
    if registered and keras.saving.get_registered_object(str(registered)) is not None:
        return True
    module = layer.get("module")
    if module == "builtins":  # an activation by its name, such as relu
        return layer.get("class_name") == "function"
    if module is None:  # Keras 2, which knows no modules
        return registered in (None, layer.get("class_name"))
    rooms = str(module).removeprefix("tf_").split(".")
    if rooms[0] != "keras":
        return False
    rooms = [room for room in rooms[1:] if room not in ("src", "legacy")]
    return not rooms or rooms[0] in _KERAS_ROOMS


def _name(layer: Json) -> str:
    config = layer.get("config")
    inner = config.get("name") if isinstance(config, dict) else config
    return str(layer.get("name") or inner or "unnamed")


def _imported(name: str) -> ModuleType:
    try:
        if name.endswith(".py"):
            path = Path(name)
            spec = importlib.util.spec_from_file_location(path.stem, path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            sys.modules[path.stem] = module  # as an import would
            spec.loader.exec_module(module)
            return module
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.append(str(Path.cwd()))
        return importlib.import_module(name)
    except Exception as error:  # a module of the user's may raise anything
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(
            "custom_objects",
            name,
            "a module that is found from here, or the path of a .py file",
            fault=f"cannot be imported ({type(error).__name__}: {first_line})",
        ) from error


def _own_names(module: ModuleType) -> list[str]:
    """Layers and functions that a module defines itself."""
    return [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", None) == module.__name__
        and callable(value)
        and not name.startswith("_")
    ]
