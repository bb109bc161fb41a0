"""How Keras is imported: quietly, and no more of it than is used."""

import logging
import os
import subprocess
import sys

import pytest

from keras_models.framework import _no_advice

_CODE = """
import gc, sys
from keras_models.framework import quiet
quiet()
loaded = {"matplotlib", "pandas", "sklearn"} & set(sys.modules)
assert not loaded, loaded
import matplotlib.pyplot, sklearn.base  # both are there for whoever wants them
assert gc.isenabled()
assert sklearn.base.BaseEstimator().get_params() == {}
frozen = gc.get_freeze_count()
quiet()
assert gc.get_freeze_count() <= frozen  # what is made since can still be freed
"""


def test_keras_comes_without_what_it_imports_for_others() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CODE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_loaded_stays_loaded() -> None:
    code = "import matplotlib\n" + _CODE.replace("assert not loaded", "assert loaded")
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_script_sees_no_line_of_a_library() -> None:
    """The first function that is called imports Keras; its backend chats from C++."""
    code = "import reswise; reswise.model('small_resnet', 'glyphs')"
    chat = ("TF_CPP_MIN_LOG_LEVEL", "GRPC_VERBOSITY")
    plain = {name: value for name, value in os.environ.items() if name not in chat}
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env=plain,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("path", "level", "passes"),
    [
        ("/x/lib/python3.11/site-packages/tensorflow/lite/lite.py", "WARNING", False),
        ("/x/lib/python3.11/site-packages/tensorflow/lite/lite.py", "ERROR", True),
        ("/x/lib/python3.11/site-packages/commands/stored.py", "WARNING", True),
        ("/home/me/keras/tensorflow/commands/stored.py", "WARNING", True),
    ],
)
def test_advice_of_libraries_is_left_out_and_nothing_of_ours(
    path: str, level: str, passes: bool
) -> None:
    number = logging.getLevelNamesMapping()[level]
    record = logging.LogRecord("absl", number, path, 1, "told", (), None)
    assert _no_advice(record) is passes
