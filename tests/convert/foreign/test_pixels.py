"""Pixels enter a foreign file so that the picture is still there when they have."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convert.bundle import Bundle, write_bundle
from convert.bundle_words import notes
from convert.entering import normalised, stored
from convert.foreign.importing import ForeignChoice, import_bundle
from convert.foreign.pixels import PixelChoice
from datasets.errors import InputError
from tests.convert.tiny_tflite import (
    Maker,
    _code,
    _operation,
    _tensor,
    classifier,
    metadata,
    with_metadata,
)

PIXELS = np.arange(256, dtype=np.float32).reshape(1, 16, 16, 1).repeat(3, 3)


def _imported(folder: Path, maker: Maker, name: str = "x", **said: Any) -> Bundle:
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.tflite"
    path.write_bytes(maker.packed())
    labels = folder / "labels.txt"
    labels.write_text("a\nb\nc\nd\ne\n")
    pixels = PixelChoice(**said)
    return import_bundle(
        path, folder / "b", ForeignChoice(labels=labels, pixels=pixels)
    )


def _codes(bundle: Bundle) -> np.ndarray:
    """What the file is given of each pixel value."""
    rung = bundle.manifest.rungs[0]
    return stored(normalised(PIXELS, rung.preprocessing), rung.input)[0, ..., 0].ravel()


def _quantised(dtype: str, scale: float, zero_point: int) -> Maker:
    """A classifier whose input has another scale; the mean's tensor has it too."""
    maker = classifier((16,), dtype=dtype)
    for place in (0, 2):
        held = maker.model.subgraphs[0].tensors[place].quantization
        held.scale, held.zeroPoint = [scale], [zero_point]
    tensors = maker.model.subgraphs[0].tensors
    (by,) = tensors[3].quantization.scale  # of the weights
    tensors[4].quantization.scale = [scale * by]
    return maker


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point"),
    [
        ("uint8", 1 / 128, 128), ("uint8", 1 / 127.5, 127), ("uint8", 1 / 255, 0),
        ("uint8", 1.0, 0), ("int8", 1 / 128, 0), ("int8", 1 / 127.5, -1),
        ("int8", 1 / 255, -128),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "said",
    [None, (0.0, 1.0), (127.5, 127.5), (127.0, 128.0), (0.0, 255.0), (128.0, 128.0)],
)
def test_whole_numbers_take_the_pictures_own_codes(
    tmp_path: Path,
    dtype: str,
    scale: float,
    zero_point: int,
    said: tuple[float, float] | None,
) -> None:
    """As Android's examples do; unless metadata fits and says another thing."""
    maker = _quantised(dtype, scale, zero_point)
    if said:
        with_metadata(maker, metadata([said[0]], [said[1]]))
    bundle = _imported(tmp_path, maker)
    own = np.arange(256) - (128 if dtype == "int8" else 0)
    codes = _codes(bundle).astype(int)
    told = " ".join(notes(bundle))
    if "own codes" in told:
        np.testing.assert_array_equal(codes, own)
    else:  # (pixel - 0) / 255 over a range of -1..1: half of the codes, none lost
        assert said == (0.0, 255.0)
        assert "by its metadata" in told
        assert codes[0] == zero_point
        assert np.unique(codes).size >= 127
    assert (codes == codes.max()).sum() < 4  # saturated nowhere


def test_metadata_that_would_saturate_is_told(tmp_path: Path) -> None:
    """As AutoML writes it: mean 0, deviation 1 beside a scale of 1/128."""
    maker = with_metadata(_quantised("uint8", 1 / 128, 128), metadata([0.0], [1.0]))
    said = notes(_imported(tmp_path, maker))
    assert any(
        "Its metadata says RGB, mean 0, deviation 1, but 99 % of all pixel values "
        "would be clipped" in line
        for line in said
    )


def test_a_narrower_range_of_the_metadata_is_believed(tmp_path: Path) -> None:
    """EfficientNet-Lite: scale 0.01256602, zero point 131, mean 127, deviation 128."""
    maker = _quantised("uint8", 0.012566016986966133, 131)
    with_metadata(maker, metadata([127.0], [128.0]))
    codes = _codes(_imported(tmp_path, maker)).astype(int)
    assert (codes[0], codes[127], codes[255]) == (52, 131, 211)


@pytest.mark.parametrize("dtype", ["uint8", "int8"])
def test_whole_numbers_without_a_scale_take_codes(tmp_path: Path, dtype: str) -> None:
    """A graph that casts bytes itself; -1..1 of its family would be 3 numbers."""
    maker = classifier((16,))
    graph = maker.model.subgraphs[0]
    graph.tensors[0].type = {"uint8": 3, "int8": 9}[dtype]
    graph.tensors.append(_tensor("reals", 0, (1, 16, 16, 3), 0, None))
    maker.model.operatorCodes.append(_code(53))  # CAST
    graph.operators[0].inputs = [7, 1]
    graph.operators = [_operation(3, [0], 7, 0, None), *graph.operators]
    bundle = _imported(tmp_path, maker, "mobilenet")
    own = np.arange(256) - (128 if dtype == "int8" else 0)
    np.testing.assert_array_equal(_codes(bundle), own)


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"mean": (0.0,), "deviation": (1.0,)}, "99 % of all pixel values"),
        ({"normalisation": "none"}, "99 % of all pixel values would be clipped"),
        ({"mean": (64.0,), "deviation": (64.0,)}, "50 % of all pixel values"),
        ({"mean": (0.0,), "deviation": (1e6,)}, "would become 1 different numbers"),
    ],
)
def test_what_the_user_says_may_not_lose_the_picture(
    tmp_path: Path, said: dict[str, Any], line: str
) -> None:
    with pytest.raises(InputError, match=line):
        _imported(tmp_path, _quantised("uint8", 1 / 128, 128), **said)


def test_a_family_of_turned_channels_is_not_given_codes(tmp_path: Path) -> None:
    """An int8 ResNet of Keras takes BGR less its means: scale and range say so."""
    maker = _quantised("int8", 1.07, -13)
    way = _imported(tmp_path, maker, "resnet50").manifest.rungs[0].preprocessing
    assert (way.channels, way.mean) == ("BGR", (103.939, 116.779, 123.68))
    other = _imported(tmp_path / "o", _quantised("int8", 1 / 128, 0), "resnet50")
    assert other.manifest.rungs[0].preprocessing.channels == "RGB"


def test_a_bundle_that_saturates_is_refused_where_it_is_read(tmp_path: Path) -> None:
    bundle = _imported(tmp_path, _quantised("uint8", 1 / 128, 128))
    files = {"x.tflite": bundle.path("x.tflite").read_bytes()}
    files["labels.txt"] = bundle.path("labels.txt").read_bytes()
    import dataclasses

    (rung,) = bundle.manifest.rungs
    way = dataclasses.replace(rung.preprocessing, mean=(0.0,) * 3, deviation=(1.0,) * 3)
    manifest = dataclasses.replace(
        bundle.manifest, rungs=(dataclasses.replace(rung, preprocessing=way),)
    )
    with pytest.raises(InputError, match="mean 0 and deviation 1 do not fit its uint8"):
        write_bundle(tmp_path / "c", manifest, files)


def _rounding(scale: float, zero_point: int) -> Maker:
    """A float input that QUANTIZE rounds first."""
    maker = classifier((16,), dtype="int8")
    graph = maker.model.subgraphs[0]
    graph.tensors[0].quantization.scale = [scale]
    graph.tensors[0].quantization.zeroPoint = [zero_point]
    graph.tensors[2].quantization.scale = [scale]
    graph.tensors[2].quantization.zeroPoint = [zero_point]
    graph.tensors.append(_tensor("pixels", 0, (1, 16, 16, 3), 0, None))
    maker.model.operatorCodes.append(_code(114))
    graph.operators = [_operation(3, [7], 0, 0, None), *graph.operators]
    graph.inputs = [7]
    maker.model.signatureDefs[0].inputs[0].tensorIndex = 7
    return maker


def test_floats_that_the_file_rounds_may_not_saturate_either(tmp_path: Path) -> None:
    fitting = _imported(tmp_path, _rounding(1 / 127.5, 0), "mobilenet")
    assert fitting.manifest.rungs[0].input.dtype == "float32"
    line = r"by|rounds its input to int8 \(scale 0.00784314, zero point 0\): 99 %"
    with pytest.raises(InputError, match=line):
        _imported(tmp_path, _rounding(1 / 127.5, 0), "efficientnet")
    with pytest.raises(InputError, match="99 % of all pixel values"):
        _imported(tmp_path, _rounding(1 / 127.5, 0), normalisation="none")


def test_a_graph_that_scales_its_input_is_no_familys(tmp_path: Path) -> None:
    """Keras models with a Rescaling layer: by the name they would be scaled twice."""
    maker = classifier((16,))
    graph = maker.model.subgraphs[0]
    held = maker.buffer(np.full(1, 1 / 127.5, np.float32).tobytes())
    graph.tensors.append(_tensor("scaled", 0, (1, 16, 16, 3), 0, None))
    graph.tensors.append(_tensor("by", 0, (1,), held, None))
    maker.model.operatorCodes.append(_code(18))  # MUL
    graph.operators[0].inputs = [7, 1]
    graph.operators = [_operation(3, [0, 8], 7, 0, None), *graph.operators]
    with pytest.raises(InputError, match="scales or shifts its input before"):
        _imported(tmp_path, maker, "mobilenet")
    way = _imported(tmp_path, maker, "mobilenet", normalisation="none")
    assert way.manifest.rungs[0].preprocessing.deviation == (1.0,) * 3


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_where_the_normalisation_is_from_is_printed(tmp_path: Path, dtype: str) -> None:
    said = _imported(tmp_path, classifier((16,), dtype=dtype), "mobilenet_v1")
    lines = said.manifest.measured["imported"]["remarks"]
    source = "the family of its name" if dtype == "float32" else "own codes"
    assert any(line.startswith("Pixels enter as ") and source in line for line in lines)
    assert set(lines) <= set(notes(said))
