"""Bundles that mean harm or are broken, and the line that each must be refused with.

Each maker starts from the valid bundle of `tiny_bundle` and breaks one thing. Where it
breaks a file, size and SHA-256 in the manifest are made right again unless they are
the point: nothing is to be found because of another thing. One list, long as it is.
"""

import io
import json
import os
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convert.bundle import described
from convert.manifest import MANIFEST_FILE
from tests.convert import tiny_bundle
from tests.convert.tiny_tflite import classifier

Facts = dict[str, Any]
TWO_GIB = 2 << 30


@dataclass(frozen=True)
class Hostile:
    """One bundle."""

    make: Callable[[Path], None]  # writes it into an empty folder
    line: str  # regular expression of the refusal


def _plain(folder: Path) -> Facts:
    """Writes the valid files; gives the manifest's facts."""
    for name, content in tiny_bundle.contents().items():
        (folder / name).write_bytes(content)
    facts: Facts = json.loads(json.dumps(tiny_bundle.manifest().to_json()))
    return facts


def _said(change: Callable[[Facts], object]) -> Callable[[Path], None]:
    """The files valid, something else in the manifest."""

    def make(folder: Path) -> None:
        facts = _plain(folder)
        change(facts)
        (folder / MANIFEST_FILE).write_text(json.dumps(facts))

    return make


def _text(edit: Callable[[str], str]) -> Callable[[Path], None]:
    """The manifest's text edited."""

    def make(folder: Path) -> None:
        text = json.dumps(_plain(folder))
        edited = edit(text)
        assert edited != text
        (folder / MANIFEST_FILE).write_bytes(edited.encode("utf-8", "surrogateescape"))

    return make


def _file(
    change: Callable[[bytes], bytes], name: str = "tiny.tflite"
) -> Callable[[Path], None]:
    """A file changed, its size and SHA-256 declared as they are."""

    def make(folder: Path) -> None:
        facts = _plain(folder)
        files = tiny_bundle.contents()
        files[name] = change(files[name])
        (folder / name).write_bytes(files[name])
        made = [vars(one) for one in described(files)]
        (folder / MANIFEST_FILE).write_text(json.dumps(facts | {"files": made}))

    return make


def _on_disk(change: Callable[[Path], None]) -> Callable[[Path], None]:
    """Manifest and files valid, then the folder changed."""

    def make(folder: Path) -> None:
        (folder / MANIFEST_FILE).write_text(json.dumps(_plain(folder)))
        change(folder)

    return make


def _selector(**facts: object) -> Callable[[Path], None]:
    return _said(lambda manifest: manifest["selector"].update(facts))


def _other_selector(facts: Facts) -> Callable[[Path], None]:
    return _said(lambda manifest: manifest.update(selector=facts))


def _declared(place: int, **facts: object) -> Callable[[Path], None]:
    return _said(lambda manifest: manifest["files"][place].update(facts))


def _rung(place: int, **facts: object) -> Callable[[Path], None]:
    return _said(lambda manifest: manifest["rungs"][place].update(facts))


def _tensor(resolution: str, **facts: object) -> Callable[[Path], None]:
    return _said(lambda manifest: manifest["rungs"][0][resolution].update(facts))


def _sparse(name: str, size: int) -> Callable[[Path], None]:
    """A file of holes: it takes no room on the disk and its size does not lie."""

    def make(folder: Path) -> None:
        with (folder / name).open("r+b") as file:
            file.truncate(size)

    return _on_disk(make)


def _link(folder: Path) -> None:
    outside = folder.parent / "outside.tflite"
    (folder / "tiny.tflite").rename(outside)
    (folder / "tiny.tflite").symlink_to(outside)


def _linked_manifest(folder: Path) -> None:
    (folder / MANIFEST_FILE).rename(folder.parent / "elsewhere.json")
    (folder / MANIFEST_FILE).symlink_to(folder.parent / "elsewhere.json")


def _pipe(folder: Path) -> None:
    (folder / "tiny.tflite").unlink()
    os.mkfifo(folder / "tiny.tflite")


def _folder(folder: Path) -> None:
    (folder / "tiny.tflite").unlink()
    (folder / "tiny.tflite").mkdir()


def _flipped(folder: Path) -> None:
    content = bytearray((folder / "tiny.tflite").read_bytes())
    content[-1] ^= 1
    (folder / "tiny.tflite").write_bytes(content)


def _patched(position: int, value: int) -> Callable[[bytes], bytes]:
    return lambda old: old[:position] + struct.pack("<I", value) + old[position + 4 :]


def _graphs_place(content: bytes) -> tuple[int, int]:
    """Where the vtable says where the model's field 2 is, and where that is."""
    (root,) = struct.unpack_from("<I", content)
    vtable = root - struct.unpack_from("<i", content, root)[0]
    said = vtable + 4 + 2 * 2
    return said, root + struct.unpack_from("<H", content, said)[0]


def _field_outside(content: bytes) -> bytes:
    """The model's field 2 lies behind the model."""
    said, _ = _graphs_place(content)
    return content[:said] + struct.pack("<H", 1000) + content[said + 2 :]


def _endless_vector(content: bytes) -> bytes:
    """The vector of subgraphs (field 2 of the model) says that it has 2^30 elements."""
    _, place = _graphs_place(content)
    vector = place + struct.unpack_from("<I", content, place)[0]
    return _patched(vector, 1 << 30)(content)


def _shared_for_ever(_: bytes) -> bytes:
    """256 graphs that share one vector of 65,536 tensors, which are all one."""
    graphs, tensors = 256, 1 << 16
    model = 8 + 16  # behind the root's offset, the identifier and the vtable
    vector = model + 8
    graph = vector + 4 + 4 * graphs + 8  # behind the vector and its vtable
    shared = graph + 8 * graphs
    tensor = shared + 4 + 4 * tensors + 4  # behind the vector and its vtable
    parts = [
        struct.pack("<I4s", model, b"TFL3"),
        struct.pack("<8H", 10, 8, 0, 0, 4, 0, 0, 0),  # field 2: the graphs
        struct.pack("<iI", model - 8, 4),
        struct.pack("<I", graphs),
        *(struct.pack("<I", graph + 4 * i - (vector + 4)) for i in range(graphs)),
        struct.pack("<4H", 6, 8, 4, 0),  # field 0: the tensors
        *(struct.pack("<iI", 8 + 8 * i, shared - graph - 8 * i - 4)
          for i in range(graphs)),
        struct.pack("<I", tensors),
        *(struct.pack("<I", tensor - (shared + 4 + 4 * i)) for i in range(tensors)),
        struct.pack("<2H", 4, 4),
        struct.pack("<i", 4),
    ]  # fmt: skip
    return b"".join(parts)


def _model(change: Callable[[Any], None]) -> Callable[[bytes], bytes]:
    """The model built anew after a change to its object form."""

    def rebuilt(_: bytes) -> bytes:
        maker = classifier((8, 16))
        change(maker.model)
        return maker.packed()

    return rebuilt


def _tensor_of(model: Any, name: str) -> Any:
    return next(t for t in model.subgraphs[0].tensors if t.name == name)


def _shape(name: str, shape: list[int]) -> Callable[[bytes], bytes]:
    return _model(lambda model: setattr(_tensor_of(model, name), "shape", shape))


def zipped(members: dict[str, bytes]) -> Callable[[bytes], bytes]:
    """The model with a zip behind it, as TFLite metadata has."""

    def appended(content: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            for name, inside in members.items():
                file.writestr(name, inside)
        return content + packed.getvalue()

    return appended


def _lying_zip(content: bytes) -> bytes:
    """The central directory promises 4 bytes where 40,000 are packed."""
    made = bytearray(zipped({"labels.txt": bytes(40_000)})(content))
    entry = made.rindex(b"PK\x01\x02")
    made[entry + 24 : entry + 28] = struct.pack("<I", 4)
    return bytes(made)


def _boasting_zip(content: bytes) -> bytes:
    """The central directory promises 40,000 bytes where 4 are packed."""
    made = bytearray(zipped({"labels.txt": b"four"})(content))
    entry = made.rindex(b"PK\x01\x02")
    made[entry + 24 : entry + 28] = struct.pack("<I", 40_000)
    return bytes(made)


def _tree(**columns: list[float]) -> Facts:
    """A deferral whose one rule is one tree of three nodes."""
    tree = {
        "feature": [0, -1, -1], "threshold": [0.5, 0, 0], "left": [1, 0, 0],
        "right": [2, 0, 0], "value": [0, 1, 2],
    } | columns  # fmt: skip
    return {
        "kind": "deferral", "ladder": ["tiny@8", "tiny@16"], "answer": "last",
        "thresholds": [0.5],
        "rules": [{"rule": "trees", "intercept": 0, "trees": [tree]}],
    }  # fmt: skip


def _learned(widths: list[int]) -> Facts:
    """A learned selector of two layers: so many outputs, so many inputs."""
    layers = [
        {"weights": [[0.0] * widths[0]] * 21, "biases": [0.0] * widths[0]},
        {"weights": [[0.0] * 2] * widths[1], "biases": [0.0] * 2},
    ]
    return {
        "kind": "learned", "ladder": ["tiny@8", "tiny@16"], "costs": [0.5, 1],
        "price": 0, "layers": layers,
    }  # fmt: skip


HOSTILE: dict[str, Hostile] = {
    # what is no bundle
    "no manifest": Hostile(
        _on_disk(lambda folder: (folder / MANIFEST_FILE).unlink()),
        r"manifest\.json cannot be opened: No such file",
    ),
    "a manifest that is a link": Hostile(
        _on_disk(_linked_manifest), r"manifest\.json: a link; expected a plain file"
    ),
    "a manifest of 2 GiB": Hostile(
        _sparse(MANIFEST_FILE, TWO_GIB),
        r"manifest\.json: 2,147,483,648 bytes; expected at most 8,388,608",
    ),
    # what is no JSON, or no safe one
    "not UTF-8": Hostile(_text(lambda t: "\udcff" + t), "byte 0 is not UTF-8"),
    "a byte order mark": Hostile(_text(lambda t: "\ufeff" + t), "not JSON"),
    "cut short": Hostile(_text(lambda t: t[:-9]), "not JSON: .* in line 1"),
    "100,000 levels deep": Hostile(
        _text(lambda t: t[:-1] + ', "x": ' + "[" * 100_000), "deeper than 32 levels"
    ),
    "NaN": Hostile(
        _text(lambda t: t.replace("[0.5]", "[NaN]")), "NaN is no JSON number"
    ),
    "Infinity": Hostile(
        _text(lambda t: t.replace("[0.5]", "[-Infinity]")), "-Infinity is no JSON"
    ),
    "infinite by its digits": Hostile(
        _text(lambda t: t.replace("[0.5]", "[1e999]")), "number 1e999 is too large"
    ),
    "a number of 5,000 digits": Hostile(
        _text(lambda t: t.replace("[0.5]", f"[{'9' * 5000}]")), "longer than 18 digits"
    ),
    "a key twice": Hostile(
        _text(lambda t: t.replace('"format": 1', '"format": 1, "format": 1')),
        "the key 'format' stands twice",
    ),
    "escapes for the terminal": Hostile(
        _said(lambda m: m.update(name="\x1b[2Jtiny")),
        r"unshowable characters in '\\x1b",
    ),
    "half of a surrogate pair": Hostile(
        _said(lambda m: m.update(name="\ud800")), "unshowable characters"
    ),
    # what is no manifest of this format
    "format 2": Hostile(
        _said(lambda m: m.update(format=2)),
        r"format 2; this version of reswise reads format 1",
    ),
    "a list": Hostile(_text(lambda t: f"[{t}]"), "no 'format'; expected a manifest"),
    "a field missing": Hostile(
        _said(lambda m: m["rungs"][0].pop("macs")),
        r"manifest\.rungs\[0\]: 'macs' is a required property",
    ),
    "a field too many": Hostile(
        _said(lambda m: m["rungs"][1].update(exec="rm")),
        r"rungs\[1\]: Additional properties are not allowed \('exec'",
    ),
    "a resolution in words": Hostile(
        _rung(0, resolution="8"), r'rungs\[0\]\.resolution is "8"; expected type'
    ),
    "a resolution with a point": Hostile(
        _rung(0, resolution=8.0), r"resolution is 8\.0; expected type \"integer\""
    ),
    "a negative count": Hostile(_rung(0, macs=-1), "macs is -1; expected minimum 0"),
    "a deviation of 0": Hostile(
        _said(lambda m: m["rungs"][0]["preprocessing"].update(deviation=[1, 0, 1])),
        r"deviation\[1\] is 0; expected exclusiveMinimum 0",
    ),
    # paths outside, links, what is no plain file
    "a path upward": Hostile(
        _declared(0, file="../outside.tflite"),
        r'files\[0\]\.file is "\.\./outside\.tflite"; expected pattern',
    ),
    "an absolute path": Hostile(
        _declared(0, file="/etc/passwd"), r'file is "/etc/passwd"; expected pattern'
    ),
    "a path into a folder": Hostile(
        _declared(0, file="a/b.tflite"), r'file is "a/b\.tflite"; expected pattern'
    ),
    "a Windows path": Hostile(
        _declared(0, file="C:\\b.tflite"), r"C:.*b\.tflite\"; expected pattern"
    ),
    "a name with a line's end": Hostile(
        _declared(0, file="tiny.tflite\n"), "expected pattern"
    ),
    "a link": Hostile(_on_disk(_link), r"tiny\.tflite: a link; expected a plain file"),
    "a pipe": Hostile(_on_disk(_pipe), r"tiny\.tflite: not a plain file"),
    "a folder as a file": Hostile(
        _on_disk(_folder), r"tiny\.tflite: not a plain file"
    ),
    "a file missing": Hostile(
        _on_disk(lambda folder: (folder / "tiny.tflite").unlink()),
        r"tiny\.tflite cannot be opened: No such file",
    ),
    "a file twice": Hostile(
        _declared(1, file="TINY.tflite"), r"the file TINY\.tflite is declared twice"
    ),
    "the manifest as a file": Hostile(
        _declared(1, file="Manifest.JSON"), r"Manifest\.JSON is declared twice"
    ),
    "a model that is not declared": Hostile(
        _rung(0, file="other.tflite"), r"other\.tflite is not declared in 'files'"
    ),
    "labels that are a model": Hostile(
        _said(lambda m: m.update(labels="tiny.tflite")), r"tiny\.tflite is a model"
    ),
    # sizes and hashes
    "2 GiB declared": Hostile(
        _declared(0, size_bytes=TWO_GIB),
        r"size_bytes is 2147483648; expected maximum 1073741824",
    ),
    "64 GiB declared in 64 files": Hostile(
        _said(
            lambda m: m["files"].extend(
                {"file": f"f{i}", "size_bytes": 1 << 30, "sha256": "0" * 64}
                for i in range(62)
            )
        ),
        "declares 66,571,994,[0-9,]+ bytes of files; expected at most 4,294,967,296",
    ),
    "2 GiB of zeros": Hostile(
        _sparse("tiny.tflite", TWO_GIB),
        r"tiny\.tflite: 2,147,483,648 bytes; expected at most 1,073,741,824",
    ),
    "a size that lies": Hostile(
        _declared(0, size_bytes=1_000_000_000),
        r"tiny\.tflite: 1,612 bytes; the manifest declares 1,000,000,000",
    ),
    "a changed byte": Hostile(
        _on_disk(_flipped), r"tiny\.tflite: its SHA-256 begins \w{12}, the manifest"
    ),
    # flatbuffers
    "no flatbuffer": Hostile(
        _file(lambda old: bytes(len(old))), r"tiny\.tflite: no TFL3 file"
    ),
    "a flatbuffer of 6 bytes": Hostile(_file(lambda old: old[:6]), "no TFL3 file"),
    "a flatbuffer cut in half": Hostile(
        _file(lambda old: old[: len(old) // 2]), "broken flatbuffer: .* lie outside"
    ),
    "a root far outside": Hostile(
        _file(_patched(0, 0xFFFFFFF0)), "4 bytes at 4294967280 lie outside its 1612"
    ),
    "a vector of 2^30 graphs": Hostile(
        _file(_endless_vector), "4294967296 bytes at [0-9]+ lie outside its 1612"
    ),
    "a table with a field outside": Hostile(
        _file(_field_outside), "has a field outside itself"
    ),
    "a string without an end": Hostile(
        _file(lambda old: old.replace(b"weights\0", b"weights!")),
        "the string at [0-9]+ has no end",
    ),
    "options of an unknown kind": Hostile(
        _file(
            _model(
                lambda m: setattr(
                    m.subgraphs[0].operators[1], "builtinOptionsType", 200
                )
            )
        ),
        "BuiltinOptions of the unknown kind 200",
    ),
    "a tensor of an unknown type": Hostile(
        _file(_model(lambda m: setattr(_tensor_of(m, "mean"), "type", 99))),
        "a tensor of the unknown type 99",
    ),
    "graphs that share all": Hostile(
        _file(_shared_for_ever), "more than [0-9,]+ parts"
    ),
    "a buffer that is not there": Hostile(
        _file(_model(lambda m: setattr(_tensor_of(m, "weights"), "buffer", 99))),
        "buffer 99 of 4",
    ),
    "a tensor that is not there": Hostile(
        _file(_model(lambda m: setattr(m.subgraphs[0].operators[1], "inputs", [2, 9]))),
        "tensor 9 of a graph of 7 tensors",
    ),
    "an operation that is not there": Hostile(
        _file(_model(lambda m: setattr(m.subgraphs[0].operators[1], "opcodeIndex", 7))),
        "operation 7 of 3",
    ),
    "a graph that runs itself": Hostile(
        _file(_model(lambda m: setattr(m.operatorCodes[0], "builtinCode", 119))),
        "operation WHILE runs other subgraphs",
    ),
    "weights of another size": Hostile(
        _file(_shape("weights", [5, 300])), r"shape \(5, 300\) has 60 bytes; expected"
    ),
    "a tensor of a tebibyte": Hostile(
        _file(_shape("mean", [1024, 1024, 262144])), "takes 1,099,511,627,776 bytes"
    ),
    "a tensor of negative shape": Hostile(
        _file(_shape("mean", [-1, 3])), r"a tensor of shape \(-1, 3\)"
    ),
    # zips behind them
    "a zip bomb": Hostile(
        _file(zipped({"labels.txt": bytes(64 << 20)})),
        "zip of its metadata declares 1 files of 67,108,864 bytes",
    ),
    "a zip of 100 files": Hostile(
        _file(zipped({f"{i}": b"" for i in range(100)})), "declares 100 files"
    ),
    "a zip that lies": Hostile(_file(_lying_zip), "zip of its metadata"),
    "a zip that boasts": Hostile(
        _file(_boasting_zip), "'labels.txt' in the zip of its metadata is not as large"
    ),
    "a broken zip": Hostile(
        _file(lambda old: old + b"PK\x05\x06" + b"\xff" * 18), "zip .* is broken"
    ),
    # what manifest and file say of each other
    "a subgraph that is not there": Hostile(
        _rung(0, subgraph=7), "tiny@8: subgraph 7; the file has 2"
    ),
    "a signature that is not there": Hostile(
        _rung(0, signature="r99"), "no signature 'r99' of subgraph 0; the file has r8"
    ),
    "a signature of another graph": Hostile(
        _rung(0, signature="r16"), "no signature 'r16' of subgraph 0"
    ),
    "a graph without scores": Hostile(
        _file(_model(lambda m: setattr(m.subgraphs[0], "outputs", []))),
        "tiny@8: 1 inputs and 0 outputs; expected one of each",
    ),
    "another input's name": Hostile(
        _tensor("input", name="z"), "input: named 'z'; the file has 'image'"
    ),
    "another shape in the file": Hostile(
        _file(_shape("image", [1, 9, 9, 3])),
        r"shape \(1, 8, 8, 3\) in the manifest, \(1, 9, 9, 3\) in the file",
    ),
    "another dtype in the file": Hostile(
        _tensor("input", dtype="uint8", scale=1 / 128, zero_point=128),
        "dtype uint8 in the manifest, float32 in the file",
    ),
    "another scale in the file": Hostile(
        _file(lambda _: classifier((8, 16), dtype="uint8").packed()),
        "dtype float32 in the manifest, uint8 in the file",
    ),
    "a scale of floats": Hostile(_tensor("input", scale=0.1), "float32 with scale 0.1"),
    "a zero point out of range": Hostile(
        _tensor("output", dtype="uint8", scale=0.1, zero_point=-1),
        "zero point -1 is out of range for uint8; expected 0..255",
    ),
    "an absurd shape": Hostile(
        _tensor("input", shape=[1, 1000000, 1000000, 3]),
        r"input of shape \(1, 1000000, 1000000, 3\); expected \(1, 8, 8, 3\)",
    ),
    "a shape of 100 dimensions": Hostile(
        _tensor("input", shape=[1] * 100), "shape is a list of 100; expected maxItems 8"
    ),
    "scores of two pictures": Hostile(
        _tensor("output", shape=[2, 5]), r"output of shape \(2, 5\); expected one score"
    ),
    "an unknown kind of scores": Hostile(
        _rung(0, scores="odds"), r'rungs\[0\]\.scores is "odds"; expected enum'
    ),
    "scores that are null": Hostile(
        _rung(0, scores=None), r"rungs\[0\]\.scores is null; expected enum"
    ),
    "one unit of five": Hostile(
        _said(lambda m: [one.update(scores="one_logit") for one in m["rungs"]]),
        r"shape \(1, 5\) with scores one_logit; expected one unit",
    ),
    "one class": Hostile(
        _said(lambda m: [one["output"].update(shape=[1, 1]) for one in m["rungs"]]),
        r"output of shape \(1, 1\); expected one score a class",
    ),
    "pixels that are clipped": Hostile(
        _said(
            lambda m: m["rungs"][0].update(
                input=m["rungs"][0]["input"]
                | {"dtype": "uint8", "scale": 1 / 128, "zero_point": 128},
                preprocessing=m["rungs"][0]["preprocessing"]
                | {"mean": [0, 0, 0], "deviation": [1, 1, 1]},
            )
        ),
        "mean 0 and deviation 1 do not fit its uint8 input",
    ),
    "pixels that become few numbers": Hostile(
        _said(
            lambda m: m["rungs"][0].update(
                input=m["rungs"][0]["input"]
                | {"dtype": "int8", "scale": 1 / 8, "zero_point": 0},
            )
        ),
        "the 256 pixel values would become 17 different numbers",
    ),
    "classes that differ": Hostile(
        _said(lambda m: m["rungs"][1]["output"].update(shape=[1, 6])),
        "tiny@16 has 6 classes, tiny@8 5",
    ),
    # labels
    "a label missing": Hostile(
        _file(lambda old: old[:-8], "labels.txt"),
        r"labels\.txt: 4 lines for 5 classes",
    ),
    "a label too many": Hostile(
        _file(lambda old: old + b"more\n", "labels.txt"), "6 lines for 5 classes"
    ),
    "labels not in UTF-8": Hostile(
        _file(lambda old: b"\xff" + old[1:], "labels.txt"), "byte 0 is not UTF-8"
    ),
    "labels with escapes": Hostile(
        _file(lambda old: b"\x1b" + old[1:], "labels.txt"), "unshowable .* line 1"
    ),
    # rungs and selector
    "a rung twice": Hostile(
        _said(lambda m: m["rungs"].append(m["rungs"][1])), "rung tiny@16 stands twice"
    ),
    "a rung of another resolution": Hostile(
        _rung(0, resolution=9), "tiny@8 has model tiny and resolution 9"
    ),
    "rungs that do not ascend": Hostile(
        _rung(1, macs=1), "the rungs do not ascend in MACs: tiny@16 has 1 after 120"
    ),
    "a ladder that does not ascend": Hostile(
        _selector(ladder=["tiny@16", "tiny@8"]), "its ladder does not ascend in MACs"
    ),
    "a ladder of a rung not there": Hostile(
        _selector(ladder=["tiny@8", "huge@512"]), "rung huge@512 is not in the bundle"
    ),
    "a ladder with a rung twice": Hostile(
        _selector(ladder=["tiny@8", "tiny@8"]), "expected one rung or more, each once"
    ),
    "a threshold out of range": Hostile(
        _selector(thresholds=[1.5]), r"thresholds\[0\] is 1\.5; expected maximum 1"
    ),
    "a threshold missing": Hostile(
        _selector(thresholds=[]), "thresholds=0: expected one for each of 2 rungs but"
    ),
    "a selector that knows the labels": Hostile(
        _other_selector({"kind": "oracle", "ladder": ["tiny@8"]}),
        r'selector\.kind is "oracle"; expected enum',
    ),
    "a selector that is code": Hostile(
        _other_selector({"kind": "python", "ladder": ["tiny@8"], "code": "import os"}),
        r'selector\.kind is "python"',
    ),
    "a tree that never ends": Hostile(
        _other_selector(_tree(left=[0, 0, 0])), "tree whose node 0 leads to node 0"
    ),
    "a tree that leaves itself": Hostile(
        _other_selector(_tree(right=[900, 0, 0])), "node 0 leads to node 900"
    ),
    "a tree of unequal columns": Hostile(
        _other_selector(_tree(value=[1])), "columns differ in length"
    ),
    "a tree of other features": Hostile(
        _other_selector(_tree(feature=[6, -1, -1])), "reads feature 6 of 6"
    ),
    "a net whose layers do not fit": Hostile(
        _other_selector(_learned([3, 4])),
        "layer 2 of the learned selector: no matrix",
    ),
    "weights that are all 0": Hostile(
        _other_selector(
            {"kind": "random", "ladder": ["tiny@8"], "weights": [0], "seed": 1}
        ),
        "weights",
    ),
    "a look without need": Hostile(
        _said(
            lambda m: m.update(
                look={
                    "file": "tiny.tflite", "signature": "r8", "subgraph": 0,
                    "input": m["rungs"][0]["input"],
                    "output": m["rungs"][0]["output"],
                }
            )
        ),
        "look: only the learned selector looks",
    ),
    "an offset beyond the classes": Hostile(
        _said(lambda m: m["measured"].update(class_offset=5)),
        "class_offset 5 of 5 classes",
    ),
}  # fmt: skip
