"""Which signature of a foreign file is the classifier, and what is none at all."""

import numpy as np
import pytest

from convert.foreign.signature import entrance_of
from convert.untrusted.tflite_file import TfliteFile, read_tflite
from datasets.errors import InputError
from tests.convert.tiny_tflite import Maker, classifier


def _read(maker: Maker) -> TfliteFile:
    return read_tflite(maker.packed(), "x.tflite")


def test_several_classifiers_are_not_chosen_from_in_silence() -> None:
    """The first subgraph was taken, whichever was meant."""
    model = _read(classifier((8, 16)))
    with pytest.raises(InputError, match=r"2 of its signatures r8, r16 are image .*`s"):
        entrance_of(model, None)
    assert entrance_of(model, "r16").subgraph == 1
    with pytest.raises(InputError, match="no signature 'r24'; the file has r8, r16"):
        entrance_of(model, "r24")


@pytest.mark.parametrize("how", ["usual name", "only one fits"])
def test_one_is_chosen_and_named(how: str) -> None:
    maker = classifier((8, 16))
    if how == "usual name":
        maker.model.signatureDefs[1].signatureKey = "serving_default"
    else:  # features, not scores
        maker.model.subgraphs[0].outputs = [5, 6]
    entrance = entrance_of(_read(maker), None)
    assert entrance.subgraph == 1
    assert len(entrance.remarks) == 1
    assert entrance.signature in entrance.remarks[0]


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        ((1, 3, 16, 16), "channels first; convert the model with channels last"),
        ((4, 16, 16, 3), "with a batch of 1, not 4"),
        ((1, 16, 16, 1), "takes grey pictures; repeat their channel inside"),
        ((1, 16, 20, 3), "expected one square RGB picture"),
    ],
)
def test_other_inputs_are_refused_in_their_own_words(
    shape: tuple[int, ...], line: str
) -> None:
    maker = classifier((16,))
    maker.model.subgraphs[0].tensors[0].shape = np.array(shape, np.int32)
    with pytest.raises(InputError, match=line):
        entrance_of(_read(maker), None)


@pytest.mark.parametrize(
    ("code", "name"), [(1, "float16"), (7, "int16"), (5, "string")]
)
def test_other_types_are_refused(code: int, name: str) -> None:
    maker = classifier((16,))
    maker.model.subgraphs[0].tensors[0].type = code
    with pytest.raises(InputError, match=f"'image' is {name}; expected float32, uint8"):
        entrance_of(_read(maker), None)
