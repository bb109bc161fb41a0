"""What pixels cost an app: the module's resize, and decoding at a reduced scale first.

The Java resize of a picture of 12 megapixels to 224, on one core of this machine; then
a JPEG of that size decoded by libjpeg at 1/1, 1/2, 1/4 and 1/8 of its sides, as
Android's BitmapFactory does with inSampleSize, and how far the 224 pixels move. Times
are of the processor. How many answers that changes: `python -m benchmarks
reduced_decode`.
"""

import io
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from datasets.decode import decode_image
from datasets.preprocessing import Preprocessing, bands, resize_bands

ROOT = Path(__file__).parents[1]
WIDTH, HEIGHT = 4000, 3000
_SOURCES = ("android_app", "tests/android_app")
_ROUNDS = 7


def main() -> None:
    """Prints milliseconds: the median of several, the least and the most."""
    if shutil.which("javac") is None:
        print("app_pixels: skipped, no JDK here")
        return
    print(f"app_pixels: {WIDTH} x {HEIGHT} pixels to 224 x 224, one core")
    for name, middle, least, most in _java():
        print(f"  Java, {name}: {middle:.0f} ms of it ({least:.0f}..{most:.0f})")
    encoded = _jpeg()
    whole, taken = _decoded(encoded, None)
    print(f"  decoding {len(encoded) / 1e6:.1f} MB of JPEG whole: {taken:.0f} ms")
    for scale in (2, 4, 8):
        scaled, taken = _decoded(encoded, HEIGHT // scale)
        apart = np.abs(scaled - whole)
        print(
            f"  decoding it at 1/{scale}: {taken:.0f} ms; pixels move by "
            f"{apart.mean():.2f} levels of 255 in the mean, {apart.max():.0f} at most"
        )


def _java() -> list[tuple[str, float, float, float]]:
    with tempfile.TemporaryDirectory() as out:
        sources = [
            str(path) for name in _SOURCES for path in (ROOT / name).rglob("*.java")
        ]
        command = ["javac", "--release", "11", "-encoding", "UTF-8", "-d", out]
        subprocess.run([*command, *sources], check=True)
        run = ["java", "-XX:ActiveProcessorCount=1", "-cp", out]
        run += ["reswise.classifier.Harness", "time", str(WIDTH), str(HEIGHT)]
        said = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    lines = [line.split() for line in said.splitlines()]
    return [
        (name, float(middle), float(least), float(most))
        for name, middle, least, most in lines
    ]


def _jpeg() -> bytes:
    """Waves, edges and a little noise: a picture with detail at every scale."""
    random = np.random.default_rng(12)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.float32)
    for period in (5, 17, 60, 300, 1500):
        down, across, *tint = random.uniform(-1, 1, 5)
        wave = np.sin(2 * np.pi * (down * rows + across * columns) / period)
        picture += 22 * wave[..., None] * np.array(tint, np.float32)
    picture += 40 * ((rows // 211 + columns // 173) % 2)[..., None] - 20
    picture += random.normal(0, 4, picture.shape).astype(np.float32)
    file = io.BytesIO()
    pixels = np.clip(picture, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def _decoded(encoded: bytes, least_side: int | None) -> tuple[np.ndarray, float]:
    """The 224 pixels, and the milliseconds of decoding alone."""
    taken = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        image, _ = decode_image(encoded, least_side)
        image.load()
        taken.append(1e3 * (time.process_time() - started))
    pixels = resize_bands(bands(image), 224, Preprocessing())
    return pixels, statistics.median(taken)
