"""Library and sample compile against the stubs, and the stubs are those listed.

The stubs stand in for the Android SDK and for LiteRT's AAR, neither of which is here:
what compiles against them was never built with the real ones.
"""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.android_app.module import APP, LIBRARY, ROOT, STUBS, classes
from tests.android_app.stub_signatures import declared

pytestmark = pytest.mark.checkout
LISTED = json.loads(
    (Path(__file__).parents[1] / "references" / "android_signatures.json").read_text()
)["classes"]
LITERT = "2.3.2"


def test_library_and_sample_compile_without_a_warning() -> None:
    made = classes()
    for name in ("reswise/classifier/Reswise", "reswise/sample/MainActivity"):
        assert (made / f"{name}.class").is_file()


def test_the_stubs_signatures_are_those_listed() -> None:
    found = declared()
    assert set(found) == set(LISTED)
    for name, members in found.items():
        assert members == sorted(LISTED[name]["members"] + LISTED[name]["ours"]), name
        assert LISTED[name]["source"], name


def test_every_stub_says_that_it_is_one() -> None:
    for path in STUBS.rglob("*.java"):
        assert "STUB" in path.read_text(), path


def test_the_library_imports_nothing_but_jdk_android_and_litert() -> None:
    allowed = (
        "java.",
        "android.",
        "org.tensorflow.lite.",
        "com.google.ai.edge.litert.",
    )
    for path in LIBRARY.rglob("*.java"):
        for name in re.findall(r"^import (?:static )?([\w.]+)", path.read_text(), re.M):
            assert name.startswith(allowed), (path, name)
            assert not name.startswith(("java.awt", "javax")), (path, name)


def test_nothing_is_called_that_android_8_does_not_have() -> None:
    """Of what JDK 11 has and API 26 lacks, what such code calls most easily.

    List.of and its like came with API 30 (source: the reference of java.util.List),
    ByteBuffer's own rewind, clear, ... returning ByteBuffer with API 28 or later: the
    JDK's compiler calls them wherever the type is ByteBuffer.
    """
    command = ["javap", "-c", "-p", "-cp", str(classes())]
    names = [
        ".".join(path.relative_to(classes()).with_suffix("").parts)
        for folder in ("classifier", "sample")
        for path in (classes() / "reswise" / folder).glob("*.class")
        if _is_ours(path)
    ]
    said = subprocess.run([*command, *names], capture_output=True, text=True).stdout
    assert "Method reswise/classifier/Resize.square" in said
    for call in (
        r"java/util/(List|Map|Set)\.(of|copyOf):",
        r"java/nio/ByteBuffer\.(rewind|clear|flip|position|limit|mark|reset):\(I?\)L",
        r"java/lang/String\.(isBlank|strip|repeat|lines):",
        r"java/io/InputStream\.(readAllBytes|readNBytes|transferTo):",
        r"java/nio/file/Files\.(readString|writeString):",
    ):
        assert re.search(call, said) is None, call


def _is_ours(path: Path) -> bool:
    """Of the library or the sample, not of the tests beside them."""
    name = path.name.split("$")[0].removesuffix(".class")
    return any(APP.rglob(f"{name}.java"))


def test_gradle_states_one_dependency_with_its_version() -> None:
    text = (APP / "reswise" / "build.gradle").read_text()
    block = text.split("dependencies {")[1]
    kept = [line.strip() for line in block.splitlines() if "//" not in line]
    named = [line for line in kept if "'" in line]
    assert named == [f"api 'com.google.ai.edge.litert:litert:{LITERT}'"]
    assert "minSdk = 26" in text
    assert "VERSION_11" in text


def test_no_version_of_litert_is_named_but_this_one() -> None:
    """Gradle files and pages agree; 1.4 is named where the old delegates are."""
    pages = [*APP.rglob("*.gradle"), *APP.rglob("*.md"), *(ROOT / "docs").glob("*.md")]
    for page in pages:
        for found in re.findall(
            r"edge\.litert:litert(?:-gpu)?:([\d.]+\d)", page.read_text()
        ):
            assert found in (LITERT, "1.4.2"), (page, found)
