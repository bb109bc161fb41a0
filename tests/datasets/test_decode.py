"""Every odd file is read right, or refused with a reason; nothing else happens."""

import io
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from datasets.decode import Unreadable, decode, decode_image
from datasets.preprocessing import Pixels

SCENE = np.random.default_rng(3).integers(0, 256, (11, 17, 3), np.uint8)
RED, BLUE = (255, 0, 0), (0, 0, 255)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


JPEG = encoded(Image.fromarray(SCENE), "JPEG", quality=90)
PNG = encoded(Image.fromarray(SCENE), "PNG")


def halves(mode: str = "RGB") -> Image.Image:
    """16 x 8 pixels, red on the left, blue on the right."""
    image = Image.new("RGB", (16, 8), BLUE)
    image.paste(RED, (0, 0, 8, 8))
    return image.convert(mode)


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM", "TGA"])
def test_lossless_pixels_come_back(form: str) -> None:
    assert np.array_equal(decode(encoded(Image.fromarray(SCENE), form)), SCENE)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "JPEG2000", "AVIF", "GIF"])
def test_other_formats_have_their_colours(form: str) -> None:
    pixels = decode(encoded(Image.new("RGB", (32, 32), (200, 60, 30)), form))
    assert np.abs(pixels - np.array([200.0, 60, 30])).max() < 16


def test_grey_is_repeated() -> None:
    grey = Image.fromarray(SCENE[..., 0])
    expected = np.repeat(SCENE[..., :1], 3, 2)
    assert np.array_equal(decode(encoded(grey, "PNG")), expected)


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_not_clipped(form: str) -> None:
    """v / 257 to the nearest: 65535 -> 255, 256 -> 1, 128 -> 0, 129 -> 1."""
    values = np.array([[0, 128, 129, 256, 257, 32768, 65535]], np.uint16)
    pixels = decode(encoded(Image.fromarray(values), form))
    assert pixels[0, :, 0].tolist() == [0, 0, 1, 1, 1, 128, 255]


def test_big_endian_16_bit_tiff() -> None:
    """Written by hand, 2 x 1 pixels: 257 and 65535."""
    fields = [(256, 2), (257, 1), (258, 16), (259, 1), (262, 1)]
    fields += [(273, 8), (277, 1), (278, 1), (279, 4)]
    entries = b"".join(struct.pack(">HHIHH", tag, 3, 1, v, 0) for tag, v in fields)
    directory = struct.pack(">H", len(fields)) + entries + bytes(4)
    file = b"MM\x00*" + struct.pack(">I", 12) + bytes.fromhex("0101ffff") + directory
    assert decode(file)[0, :, 0].tolist() == [1, 255]


def test_16_bit_colour_keeps_its_high_bytes() -> None:
    """Pillow cannot write it, so the PNG is put together here."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0))
    row = zlib.compress(b"\0" + struct.pack(">HHH", 0x10FF, 0x8000, 0xFFFF))
    file = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", row) + chunk(b"IEND", b"")
    assert decode(file)[0, 0].tolist() == [0x10, 0x80, 0xFF]


@pytest.mark.parametrize(
    ("inks", "colour"),
    [
        ((0, 0, 0, 0), (255, 255, 255)),
        ((255, 0, 0, 0), (0, 255, 255)),
        ((0, 255, 0, 0), (255, 0, 255)),
        ((0, 0, 255, 0), (255, 255, 0)),
        ((0, 0, 0, 255), (0, 0, 0)),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_inks_become_their_colours(
    form: str, inks: tuple[int, ...], colour: tuple[int, ...]
) -> None:
    pixels = decode(encoded(Image.new("CMYK", (8, 8), inks), form))
    assert np.abs(pixels.astype(int) - colour).max() <= 2


def test_ycck_is_told_by_the_adobe_marker() -> None:
    """Stored samples (200, 128, 128, 255): luma 200 without colour, and no black.

    As YCCK they are the inks' own (55, 55, 55), which Adobe stores inverted: grey 55
    from inverted inks of 55. As CMYK they would be anything but grey.
    """
    # Pillow inverts when it writes: ink 255 - s is stored as s.
    stored = encoded(Image.new("CMYK", (8, 8), (55, 127, 127, 0)), "JPEG", quality=100)
    at = stored.index(b"Adobe") + 11
    assert stored[at] == 0  # transform: none
    pixels = decode(stored[:at] + b"\x02" + stored[at + 1 :])
    assert pixels.min() == pixels.max()
    assert abs(int(pixels[0, 0, 0]) - 55) <= 2


def test_palette_with_transparency_has_its_colours() -> None:
    image = halves().quantize(4)
    expected = np.asarray(halves())
    for transparency in (0, bytes([0, 128, 255, 255])):
        file = encoded(image, "PNG", transparency=transparency)
        assert np.array_equal(decode(file), expected)


def test_alpha_is_dropped() -> None:
    image = Image.new("RGBA", (3, 2), (10, 20, 30, 0))
    assert decode(encoded(image, "PNG")).tolist() == [[[10, 20, 30]] * 3] * 2


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_frame_counts(form: str) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, BLUE)]
    options = {"lossless": True} if form == "WEBP" else {}
    file = encoded(frames[0], form, save_all=True, append_images=frames[1:], **options)
    assert np.array_equal(decode(file), np.asarray(frames[0]))


# Where red, the left half as stored, is to be seen; EXIF 2.32, tag Orientation.
@pytest.mark.parametrize(
    ("orientation", "resolution"),
    [
        *((1, "left"), (2, "right"), (3, "right"), (4, "left")),
        *((5, "top"), (6, "top"), (7, "bottom"), (8, "bottom")),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_exif_rotation_is_applied(form: str, orientation: int, resolution: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decode(encoded(halves(), form, exif=exif))
    upright = resolution in ("left", "right")
    assert pixels.shape == ((8, 16, 3) if upright else (16, 8, 3))
    corner = pixels[0, 0] if resolution in ("left", "top") else pixels[-1, -1]
    assert corner[0] > 200
    assert corner[2] < 60


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_unknown_rotation_is_none(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert decode(encoded(halves(), "JPEG", exif=exif)).shape == (8, 16, 3)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "empty file"),
        (b"GIF89a", "not a picture|truncated|damaged"),
        (b"hello, I am a text\n" * 9, "not a picture"),
        (JPEG[:-40], "truncated"),
        (PNG[:-60], "truncated"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        (encoded(Image.fromarray(np.ones((2, 2), np.float32)), "TIFF"), "floating"),
        (encoded(Image.new("I", (2, 2), 70000), "TIFF"), "expected 16 bits"),
    ],
)
def test_reason_is_given(file: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        decode(file)


@pytest.mark.parametrize("resolution", [10_001, 15_000, 60_000])
def test_bomb_is_refused_before_it_is_unpacked(resolution: int) -> None:
    """A header that claims 100, 225 and 3,600 million pixels."""
    header = b"IHDR" + struct.pack(">II", resolution, resolution) + PNG[24:29]
    check = struct.pack(">I", zlib.crc32(header))
    file = PNG[:12] + header + check + PNG[33:]
    with pytest.raises(Unreadable, match="more than 100,000,000 pixels"):
        decode(file)


def test_odd_exif_is_noted_and_no_warning_escapes() -> None:
    good = Image.Exif()
    good[0x010E] = "a description that is longer than four bytes"
    file = encoded(halves(), "JPEG", exif=good)
    at = file.index(b"Exif\0\0") + 6
    # The entry's offset points beyond the data.
    broken = file[: at + 18] + b"\xff\xff\xff\x7f" + file[at + 22 :]
    with warnings.catch_warnings(record=True) as escaped:
        warnings.simplefilter("always")
        image, notes = decode_image(broken)
    assert image.size == (16, 8)
    assert notes
    assert not escaped


def test_warning_filters_are_as_before() -> None:
    before = list(warnings.filters), warnings.showwarning
    threads = [threading.Thread(target=decode, args=(JPEG,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (list(warnings.filters), warnings.showwarning) == before


@settings(max_examples=400, deadline=None, derandomize=True)
@given(
    file=st.sampled_from(
        [
            JPEG,
            PNG,
            *(encoded(halves(), form) for form in ("GIF", "WEBP", "TIFF", "BMP")),
        ]
    ),
    changes=st.lists(
        st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=8
    ),
    length=st.integers(0, 2000),
)
def test_damage_gives_pixels_or_a_reason(
    file: bytes, changes: list[tuple[int, int]], length: int
) -> None:
    damaged = bytearray(file)
    for place, value in changes:
        damaged[place % len(file)] = value
    _pixels_or_reason(bytes(damaged))
    _pixels_or_reason(bytes(damaged[: length % len(file)]))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.sampled_from([b"", JPEG[:20], PNG[:33], b"II*\0"]))
def test_noise_gives_pixels_or_a_reason(noise: bytes, start: bytes) -> None:
    _pixels_or_reason(start + noise)


def _pixels_or_reason(file: bytes) -> None:
    try:
        pixels: Pixels = decode(file)
    except Unreadable as error:
        reason = str(error)
    else:
        assert pixels.dtype == np.uint8
        assert pixels.ndim == 3
        assert pixels.shape[2] == 3
        assert pixels.size > 0
        return
    assert reason
    assert "\n" not in reason


def test_reduced_decode_is_smaller_but_never_too_small() -> None:
    big = encoded(Image.new("RGB", (800, 640), RED), "JPEG")
    assert decode_image(big)[0].size == (800, 640)
    assert decode_image(big, 80)[0].size == (100, 80)
    assert decode_image(big, 81)[0].size == (200, 160)
    assert decode_image(big, 700)[0].size == (800, 640)


@pytest.mark.parametrize(
    ("encoded", "said"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC, which is not read: export it"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", "a film"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a drawing"),
        (b"<!DOCTYPE html><title>404</title>", "not a picture"),
    ],
)
def test_what_people_have_and_is_not_read_is_named(encoded: bytes, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        decode(encoded)
