"""docs/android_app.md: ten numbered steps; what a machine can check of each, it checks.

The `sh` lines run in tests/contracts/test_walkthroughs.py, as those of every page.
"""

import re
import subprocess
from pathlib import Path

import pytest

import reswise
from convert.manifest import MANIFEST_FILE
from tests.android_app.module import APP, ROOT, classes, java
from tests.convert import tiny_bundle

pytestmark = pytest.mark.checkout
PAGE = ROOT / "docs" / "android_app.md"
# what the page's Java takes for given: declared around it, never in it
_GIVEN = {
    "android.content.Context": "context",
    "android.graphics.Bitmap": "bitmap",
    "byte[]": "rgba",
    "int": "width, height, rotationDegrees",
    "java.io.File": "pictures, deviceJsonl",
}
_RESWISE = "Reswise reswise"


def _steps() -> dict[int, str]:
    text = PAGE.read_text() if PAGE.exists() else ""
    parts = re.split(r"^## (\d+)\. ", text, flags=re.M)
    return {
        int(number): body for number, body in zip(parts[1::2], parts[2::2], strict=True)
    }


STEPS = _steps()


def _java_blocks(page: Path) -> list[str]:
    return re.findall(r"^```java\n(.*?)^```", page.read_text(), re.M | re.S)


def test_there_are_ten_in_order() -> None:
    assert list(STEPS) == list(range(1, 11))


@pytest.mark.parametrize("page", [PAGE, APP / "README.md"], ids=lambda p: p.parent.name)
def test_its_java_compiles(page: Path, tmp_path: Path) -> None:
    blocks = _java_blocks(page)
    assert len(blocks) >= 2
    for place, block in enumerate(blocks):
        _compile(block, f"Snippet{place}", tmp_path)


def _compile(block: str, name: str, folder: Path) -> None:
    given = [f"    {kind} {names};" for kind, names in _GIVEN.items()]
    if "Reswise reswise" not in block:
        given.append(f"    {_RESWISE};")
    text = "\n".join(
        [
            "package reswise.classifier;",
            "import com.google.ai.edge.litert.Accelerator;",
            "import java.util.*;",
            f"final class {name} {{",
            *given,
            "    void show(Object... things) {}",
            "    java.io.File getCacheDir() { return null; }",
            "    android.content.res.AssetManager getAssets() { return null; }",
            "    void snippet() throws Exception {",
            block,
            "    }",
            "}",
        ]
    )
    (folder / f"{name}.java").write_text(text)
    command = ["javac", "--release", "11", "-cp", str(classes()), "-d", str(folder)]
    done = subprocess.run(
        [*command, str(folder / f"{name}.java")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_steps_1_and_2_are_run_by_the_walk_through() -> None:
    for step, verb in ((1, "convert"), (2, "bundle")):
        assert f"```sh\nreswise {verb} " in STEPS[step]


def test_step_3_names_the_versions_of_the_gradle_files() -> None:
    plugins = (APP / "build.gradle").read_text()
    (version,) = set(re.findall(r"version '([\d.]+)'", plugins))
    assert f"plugin is {version}" in STEPS[3]
    for file in ("reswise", "sample"):
        (sdk,) = re.findall(
            r"compileSdk = (\d+)", (APP / file / "build.gradle").read_text()
        )
        assert f"platforms;android-{sdk}" in STEPS[3]


def test_step_4_puts_the_bundle_where_the_sample_opens_it(tmp_path: Path) -> None:
    (target,) = re.findall(r"android_app/(sample/src/main/assets/\w+)\n", STEPS[4])
    activity = next((APP / "sample").rglob("MainActivity.java")).read_text()
    assert f'Reswise.open(getAssets(), "{Path(target).name}")' in activity
    assert "noCompress += 'tflite'" in (APP / "sample" / "build.gradle").read_text()
    made = tiny_bundle.write(tmp_path / "assets" / "bundle")
    assert (made / MANIFEST_FILE).is_file()
    assert java("open", made).strip() == "opened tiny"


def test_step_5_builds_a_module_that_settings_gradle_includes() -> None:
    (module,) = re.findall(r"gradlew :(\w+):installDebug", STEPS[5])
    assert f"':{module}'" in (APP / "settings.gradle").read_text()
    abis = (APP / "sample" / "build.gradle").read_text()
    assert "abiFilters 'arm64-v8a', 'x86_64'" in abis


def test_step_8_names_the_folders_of_the_sample() -> None:
    build = (APP / "sample" / "build.gradle").read_text()
    (identity,) = re.findall(r"applicationId = '([\w.]+)'", build)
    activity = next((APP / "sample").rglob("MainActivity.java")).read_text()
    for name in ("pictures", "device.jsonl"):
        assert f"/sdcard/Android/data/{identity}/files/{name}" in STEPS[8]
        assert f'getExternalFilesDir(null), "{name}")' in activity


def test_step_9_is_a_command_of_ours() -> None:
    (line,) = re.findall(r"^reswise (bench .*)$", STEPS[9], re.M)
    parsed = reswise.parser("bench").parse_args(line.split())
    assert str(parsed.imported) == "device.jsonl"
    assert str(parsed.bundle).startswith("runs/ten/")


def test_step_10_says_what_gradle_says() -> None:
    text = (APP / "reswise" / "build.gradle").read_text()
    (least,) = re.findall(r"minSdk = (\d+)", text)
    assert f"API {least}" in STEPS[10]
    for path in APP.rglob("AndroidManifest.xml"):
        assert "uses-permission" not in path.read_text()


def test_the_page_says_what_never_ran() -> None:
    assert "never ran here" in PAGE.read_text()
    assert "ever built with the Android SDK" in (APP / "README.md").read_text()
