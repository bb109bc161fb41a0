"""The one error a user can cause. The command line prints it as one line, exit code 2.

InputError
    what came, what was expected, what to do.
"""


class InputError(ValueError):
    """Bad input: a flag, a file, a picture, a model that cannot do what was asked."""
