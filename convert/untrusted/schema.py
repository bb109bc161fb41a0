"""manifest.json as a stranger sends it -> Manifest, or one line on what is wrong.

Neither TensorFlow nor Keras is imported, and no file but the manifest is read.
"""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.protocols import Validator

from convert.manifest import FORMAT, Json, Manifest, manifest_from_json
from datasets.errors import BundleError, InputError
from datasets.strict_json import parse

SCHEMA_FILE = "manifest.schema.json"


def read_manifest(content: bytes, where: str) -> Manifest:
    """The manifest that these bytes hold, as the schema has it.

    Args:
        where: the file, for errors.
    Raises:
        InputError: no JSON that is safe to read, another format, or not as the schema
            says.
    """
    try:
        facts = parse(content, where)
    except InputError as error:
        raise BundleError.of(where, error.fault, error.expected) from None
    _check_format(facts, where)
    wrong = next(iter(_validator().iter_errors(facts)), None)
    if wrong is not None:
        raise BundleError.of(where, _line(wrong))
    return manifest_from_json(facts)


@lru_cache(maxsize=1)
def schema() -> Json:
    """The JSON Schema of a manifest, as the package has it."""
    text = files("convert").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
    return dict(json.loads(text))


def _check_format(facts: Any, where: str) -> None:
    if not isinstance(facts, dict) or "format" not in facts:
        raise BundleError.of(where, "no 'format'", "a manifest of a bundle")
    version = facts["format"]
    if type(version) is not int or version != FORMAT:
        raise BundleError.of(
            where,
            f"format {_shown(version)}; this version of reswise reads format {FORMAT}",
            "",
            "Use the reswise that wrote the bundle, or convert again.",
        )


@lru_cache(maxsize=1)
def _validator() -> Validator:
    strict: type[Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        validators={"pattern": _pattern},
        type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
    )
    return strict(schema())


def _is_whole(_: object, value: object) -> bool:
    """JSON Schema takes 224.0 for an integer; a C or Java reader would not."""
    return type(value) is int


def _pattern(
    _: Validator, pattern: str, value: object, __: Json
) -> Iterator[ValidationError]:
    """`$` is the end, as in JSON Schema; Python's also stands before a last newline."""
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _line(wrong: ValidationError) -> str:
    """One line: where, what came, what was expected."""
    if wrong.validator in ("oneOf", "anyOf") and wrong.context:
        wrong = wrong.context[-1]
    key = "manifest"
    for step in wrong.absolute_path:
        key += f"[{step}]" if isinstance(step, int) else f".{step}"
    if wrong.validator in ("required", "additionalProperties"):
        return f"{_cut(key)}: {_cut(wrong.message)}."
    expected = f"{wrong.validator} {json.dumps(wrong.validator_value)}"
    return f"{_cut(key)} is {_shown(wrong.instance)}; expected {_cut(expected)}."


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    return _cut(json.dumps(value))


def _cut(text: str, most: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."
