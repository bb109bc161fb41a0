"""How Keras is imported: quietly, and no more of it than is used."""

import subprocess
import sys

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
