"""The errors that a user can cause. The command line prints one line, exit code 2.

InputError(argument, came, expected, do)
    any bad input: what came, what was expected, what to do.
ModelError
    a model, or weights, that cannot do what was asked.
DataError
    a data set or a picture that cannot be read as what it should be.
BundleError
    a bundle, or a .tflite file, that is refused before it is run.

Where a thing that came through an argument is at fault (a file, a picture, a rung, a
phone), the thing heads the line: `InputError.of(thing, fault, expected, do)`. Its
`argument` is then that of its kind: `dataset`, `model` or `bundle`.

The library names arguments as a script writes them, also in `expected` and `do`: in
backticks, alone or with a value, `max_unreadable` or `engine=keras`. The command line
alone renders them as flags. Nothing else stands in backticks as a single word.
"""

import re
from collections.abc import Sequence
from typing import ClassVar, Self

from datasets.shown import shown

_ALSO = " Also: "
_MOST_SUBJECT, _MOST_REST = 1000, 2000  # letters; names of a stranger may have 70,000
# a fault that begins so is what the thing does: no colon stands between
_VERBS = (
    "are ", "calls ", "cannot ", "could ", "does ", "failed ", "gives ", "has ",
    "have ", "holds ", "is ", "names ", "took ", "was ", "went ",
)  # fmt: skip
_NAMED = re.compile(r"`([a-z]+(?:_[a-z]+)*)(?:=([^`]*))?`")


class InputError(ValueError):
    """Bad input: an argument, a file, a picture, a model that cannot do what was asked.

    Args:
        argument: which argument of the function.
        came: what it was given; "" where it was given nothing, or that does not matter.
        expected: what it takes, after "expected".
        do: what to do about it, a sentence.
        fault: what is wrong with it, where `expected` alone does not say so.

    Example:
        >>> error = InputError("max_unreadable", -1, "0 or more", "Leave it out.")
        >>> str(error)
        'max_unreadable=-1: expected 0 or more. Leave it out.'
        >>> error.as_flags()
        '--max-unreadable -1: expected 0 or more. Leave it out.'
        >>> str(InputError.of("photo.jpg", "is empty", "a picture", "Remove it."))
        'photo.jpg is empty; expected a picture. Remove it.'
    """

    kind: ClassVar[str] = ""  # the argument through which such things come

    def __init__(
        self,
        argument: str,
        came: object,
        expected: str = "",
        do: str = "",
        fault: str = "",
        named: bool = True,
    ) -> None:
        super().__init__(argument, came, expected, do, fault, named)
        self.argument, self.came = argument, came
        self.expected, self.do, self.fault = expected, do, fault
        self._named = named

    @classmethod
    def of(cls, thing: object, fault: str, expected: str = "", do: str = "") -> Self:
        """A thing is at fault, whichever argument it came through.

        Args:
            thing: how it is shown: a path, a rung, `folder:pictures`.
            fault: what is wrong with it.
        """
        return cls(cls.kind, thing, expected, do, fault, named=False)

    @classmethod
    def around(cls, thing: object, error: "InputError") -> Self:
        """An error of a part of a thing: a selector of a bundle, a line of a file."""
        subject = f"{thing}: {error._subject()}"
        return cls.of(subject, error.fault, error.expected, error.do)

    def __str__(self) -> str:
        return self._line(self._subject())

    def as_flags(self) -> str:
        """The message as the command line says it."""
        subject = self._subject()
        if self._named:
            subject = f"{_flag(self.argument)} {self.came}".rstrip()
        return flags_in(self._line(subject))

    def replaced(self, old: str, new: str) -> Self:
        """The same error of another thing: a file as it is called outside."""
        came, expected, do, fault = (
            str(part).replace(old, new)
            for part in (self.came, self.expected, self.do, self.fault)
        )
        return type(self)(self.argument, came, expected, do, fault, self._named)

    def _subject(self) -> str:
        if not self._named:
            return str(self.came)
        return f"{self.argument}={self.came}" if self.came != "" else self.argument

    def _line(self, subject: str) -> str:
        says = not self._named and self.fault.startswith(_VERBS)
        rest = _short(self._rest(), _MOST_REST)
        return f"{_short(subject, _MOST_SUBJECT)}{' ' if says else ': '}{rest}"

    def _rest(self) -> str:
        expected = f"expected {self.expected}" if self.expected else ""
        said = "; ".join(part for part in (self.fault, expected) if part)
        said = said if said.endswith((".", "?")) else f"{said}."
        return f"{said} {self.do}" if self.do else said


class JoinedError(InputError):
    """Several at once, each with its own line."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        super().__init__("", "", fault=_ALSO.join(map(str, errors)), named=False)
        self.args = (errors,)
        self.errors = tuple(errors)

    def __str__(self) -> str:
        return _ALSO.join(map(str, self.errors))

    def as_flags(self) -> str:
        return _ALSO.join(error.as_flags() for error in self.errors)


class ModelError(InputError):
    """A model, or weights, that cannot do what was asked."""

    kind = "model"


class DataError(InputError):
    """A data set or a picture that cannot be read as what it should be."""

    kind = "dataset"


class BundleError(InputError):
    """A bundle, or a .tflite file, that is refused before it is run."""

    kind = "bundle"


def _short(text: str, most: int) -> str:
    """One line, whatever a name in it holds; the middle of a long one is left out."""
    line = shown(text)
    half = most // 2
    return line if len(line) <= most else f"{line[:half]} ... {line[-half:]}"


def flags_in(text: str) -> str:
    """A text whose arguments in backticks are rendered as flags."""
    return _NAMED.sub(_as_flag, text)


def _as_flag(named: re.Match[str]) -> str:
    value = "" if named[2] is None else f" {named[2]}"
    return _flag(named[1]) + value


def _flag(argument: str) -> str:
    return "--" + argument.replace("_", "-")
