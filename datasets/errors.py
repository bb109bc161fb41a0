"""The errors that a user can cause. The command line prints one line, exit code 2.

InputError(argument, came, expected, do)
    any bad input: what came, what was expected, what to do.
ModelError
    a model, or weights, that cannot do what was asked.
DataError
    a data set or a picture that cannot be read as what it should be.
BundleError
    a bundle, or a .tflite file, that is refused before it is run.
"""

import re


class InputError(ValueError):
    """Bad input: an argument, a file, a picture, a model that cannot do what was asked.

    The library names arguments as a script writes them; `reswise` on the command line
    renders them as flags, `max_unreadable` as --max-unreadable, also those that `do`
    names in backticks, one word each.

    Args:
        argument: which argument of the function; or the whole message, and no more.
        came: what it was given.
        expected: what it takes, after "expected".
        do: what to do about it, a sentence.

    Example:
        >>> error = InputError("max_unreadable", -1, "0 or more", "Leave it out.")
        >>> str(error)
        'max_unreadable=-1: expected 0 or more. Leave it out.'
        >>> error.as_flags()
        '--max-unreadable -1: expected 0 or more. Leave it out.'
    """

    def __init__(
        self, argument: str, came: object = "", expected: str = "", do: str = ""
    ) -> None:
        super().__init__(argument, came, expected, do)
        self.argument = argument if expected else ""
        self.came, self.expected, self.do = came, expected, do

    def __str__(self) -> str:
        if not self.expected:
            return str(self.args[0])
        return f"{self.argument}={self.came}: {self._rest()}"

    def as_flags(self) -> str:
        """The message as the command line says it."""
        if not self.expected:
            return str(self)
        return f"{_flag(self.argument)} {self.came}: " + re.sub(
            r"`([a-z]+(?:_[a-z]+)*)`", lambda found: _flag(found[1]), self._rest()
        )

    def as_arguments(self) -> "InputError":
        """The same error for a script, where the message still names flags."""
        text = re.sub(
            r"(?<![\w-])--([a-z]+(?:-[a-z]+)*)",
            lambda found: _argument(found[1]),
            str(self),
        )
        return self if self.expected else type(self)(text)

    def _rest(self) -> str:
        return f"expected {self.expected}." + (f" {self.do}" if self.do else "")


class ModelError(InputError):
    """A model, or weights, that cannot do what was asked."""


class DataError(InputError):
    """A data set or a picture that cannot be read as what it should be."""


class BundleError(InputError):
    """A bundle, or a .tflite file, that is refused before it is run."""


def _argument(flag: str) -> str:
    return flag.replace("-", "_")


def _flag(argument: str) -> str:
    return "--" + argument.replace("_", "-")
