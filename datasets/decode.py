"""Encoded bytes -> RGB pixels, or a reason why not. Pillow does the decoding.

Decided here, once for every purpose:
- A rotation in the EXIF data is applied: the picture is seen as its author saw it.
- Alpha is dropped, not composited, and colour profiles are ignored: so do
  `Image.convert("RGB")` and `tf.io.decode_image(channels=3)`, on whose output the
  published weights were trained.
- 16-bit grey is scaled by 1/257 (65535 -> 255); 16-bit colour keeps its high bytes.
- CMYK and YCCK (inverted, as Adobe writes them) become RGB without a profile.
- Of an animated picture the first frame counts.
- A file that ends early is unreadable, even if half a picture could be shown.
"""

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

# Only formats that Pillow decodes by itself: its EPS reader starts Ghostscript.
FORMATS = (
    *("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM"),
    *("JPEG2000", "AVIF", "ICO", "TGA"),
)
MOST_PIXELS = 100_000_000  # 300 MB of RGB; what claims more is taken for a bomb
_HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_ORIENTATION = 0x0112  # EXIF tag
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unreadable(ValueError):  # noqa: N818  (it reads as a finding, not a fault)
    """A picture that cannot be read; the text is the reason, in a few words."""


def decode(encoded: bytes) -> NDArray[np.uint8]:
    """Pixels of an encoded picture, (H, W, 3) RGB in 0..255.

    Raises:
        Unreadable: for whatever is wrong with the bytes; nothing else is raised.
    """
    return np.array(decode_image(encoded)[0])


def decode_image(
    encoded: bytes, least_side: int | None = None
) -> tuple[Image.Image, tuple[str, ...]]:
    """The picture as a Pillow image in mode RGB, and what Pillow warned of.

    Args:
        least_side: lets a JPEG be decoded at 1/2, 1/4 or 1/8 of its size, as long as
            its short side keeps that many pixels. Faster, and other pixels: None, the
            default, decodes the full size.
    Raises:
        Unreadable: for whatever is wrong with the bytes; nothing else is raised.
    """
    if not encoded:
        raise Unreadable("empty file")
    with _noting_warnings() as notes:
        try:
            image = _rgb(_upright(_loaded(encoded, least_side), notes))
        except Unreadable:
            raise
        except MemoryError:
            raise Unreadable("too large for the memory") from None
        except Exception as error:  # Pillow's readers raise anything: struct.error, ...
            raise Unreadable(_reason(error)) from error
    return image, tuple(dict.fromkeys(notes))


def _loaded(encoded: bytes, least_side: int | None) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(encoded), formats=FORMATS)
    except UnidentifiedImageError:
        raise Unreadable(_not_read(encoded)) from None
    except Image.DecompressionBombError:
        raise Unreadable(f"more than {MOST_PIXELS:,} pixels") from None
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise Unreadable(f"more than {MOST_PIXELS:,} pixels ({width} x {height})")
    if least_side is not None:
        scale = least_side / min(width, height)
        image.draft("RGB", (round(width * scale), round(height * scale)))
    image.load()
    return image


def _not_read(encoded: bytes) -> str:
    """Formats that people have and that are not read, by name."""
    if encoded[4:8] == b"ftyp" and encoded[8:12] in _HEIF:
        return "HEIC, which is not read: export it as JPEG"
    if encoded[4:8] == b"ftyp" or encoded[:4] == b"\x1aE\xdf\xa3":
        return "a film, not a picture"
    if encoded[:64].lstrip().startswith((b"<svg", b"<?xml")):
        return "a drawing (SVG or XML), not pixels"
    return "not a picture"


def _upright(image: Image.Image, notes: list[str]) -> Image.Image:
    try:
        turn = image.getexif().get(_ORIENTATION)
    except Exception as error:  # the pixels are there; only the rotation is unknown
        notes.append(f"EXIF data cannot be read ({type(error).__name__})")
        return image
    method = _UPRIGHT.get(turn) if isinstance(turn, int) else None
    return image if method is None else image.transpose(method)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I"):
        return _from_integers(np.asarray(image))
    if image.mode == "F":
        raise Unreadable("floating-point pixels, whose range is not known")
    if image.mode in ("P", "PA", "RGBa", "La"):
        # Through RGBA, as a palette with transparency, or premultiplied alpha, has no
        # direct way to RGB.
        image = image.convert("LA" if image.mode == "La" else "RGBA")
    return image.convert("RGB")


def _from_integers(values: NDArray[Any]) -> Image.Image:
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65535:
        raise Unreadable(f"grey values {low}..{high}, expected 16 bits")
    grey = (values.astype(np.uint32) + 128) // 257
    return Image.fromarray(grey.astype(np.uint8)).convert("RGB")


def _reason(error: Exception) -> str:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    early = ("truncated", "unexpected end", "not enough data", "eof")
    if isinstance(error, EOFError) or any(word in text.lower() for word in early):
        return "truncated"
    return f"damaged: {text[:80]}"


# Pillow tells of odd files by `warnings`, whose state is one for all threads, so
# `warnings.catch_warnings` around each decode would not do. While any thread decodes,
# warnings of PIL's modules go to the list of the thread that decodes.
_lock = threading.Lock()
_here = threading.local()
_decoding = 0
_saved: "warnings.catch_warnings[None] | None" = None


@contextmanager
def _noting_warnings() -> Iterator[list[str]]:
    _start_noting()
    _here.notes = []
    try:
        yield _here.notes
    finally:
        _here.notes = None
        _stop_noting()


def _start_noting() -> None:
    global _decoding, _saved
    with _lock:
        _decoding += 1
        if _decoding == 1:
            _saved = warnings.catch_warnings()
            _saved.__enter__()
            warnings.filterwarnings("always", module=r"PIL\.")
            warnings.showwarning = _note_or_show(warnings.showwarning)


def _stop_noting() -> None:
    global _decoding
    with _lock:
        _decoding -= 1
        if _decoding == 0 and _saved is not None:
            _saved.__exit__(None, None, None)


def _note_or_show(show: Any) -> Any:
    def note(message: Any, category: Any, *where: Any) -> None:
        notes = getattr(_here, "notes", None)
        if notes is None:
            show(message, category, *where)
        else:
            notes.append(str(message).splitlines()[0][:120])

    return note
