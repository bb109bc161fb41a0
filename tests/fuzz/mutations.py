"""Good inputs -> broken ones: bytes, lines and JSON values changed at random."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

_TOKENS = (
    b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"-1", b"0", b"1e308", b"nan", b"NaN",
    b"Infinity", b"9" * 5000, b"1" * 30, b"../../x", b"/dev/zero", b"\x1b[2J", b"null",
    b"\"", b"[" * 3000, b"{\"a\":" * 200, b",", b"\n", b"\r\n", b"=cmd|'/c calc'!A0",
    b"<script>", b"%s%n", b"\xe2\x80\xae", b"\xed\xa0\x80", b"4294967296", b"x" * 70000,
    b"9223372036854775808", b"true", b"{}", b"[]", b"1e-400", b"0x10", b"-0.0",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 10**6, 2**31, 2**53, 2**63, 10**30, -0.5, 1e308,
    0.1, "", "x", "../x", "/dev/zero", "\x1b[31m", "\u202e", "\ud800", "nan", "9" * 50,
    [], {}, [[]], [None] * 300, {"a": {"b": [1]}}, ["x"] * 3, "a@1000000", "x" * 5000,
)  # fmt: skip
_MOST = 1 << 20


def mutated(random: Random, starts: Sequence[bytes]) -> bytes:
    """One of the starts with one to four things changed."""
    content = random.choice(starts)
    for _ in range(random.randint(1, 4)):
        change = random.choice(_CHANGES)
        content = change(random, content)[:_MOST]
    return content


def _flipped(random: Random, content: bytes) -> bytes:
    if not content:
        return content
    at = random.randrange(len(content))
    return (
        content[:at]
        + bytes([content[at] ^ 1 << random.randrange(8)])
        + content[at + 1 :]
    )


def _number(random: Random, content: bytes) -> bytes:
    """Four or eight bytes as a number that is on an edge."""
    at = random.randrange(len(content) + 1)
    value = random.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**16, len(content)))
    width = random.choice((1, 2, 4, 8))
    packed = (value % (1 << 8 * width)).to_bytes(
        width, random.choice(("little", "big"))
    )
    return content[:at] + packed + content[at + width :]


def _cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _removed(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + content[at + random.randint(1, 64) :]


def _spliced(random: Random, content: bytes) -> bytes:
    at, other = (random.randrange(len(content) + 1) for _ in range(2))
    return content[:at] + content[other : other + random.randint(1, 256)] + content[at:]


def _token(random: Random, content: bytes) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + random.choice(_TOKENS) + content[at + random.randint(0, 8) :]


def _line(random: Random, content: bytes) -> bytes:
    """A line twice, elsewhere, away, or of a token alone."""
    lines = content.split(b"\n")
    at = random.randrange(len(lines))
    deed = random.randrange(4)
    if deed == 0:
        lines[at:at] = [lines[at]] * random.randint(1, 50)
    elif deed == 1:
        lines.append(lines.pop(at))
    elif deed == 2:
        del lines[at]
    else:
        lines[at] = random.choice(_TOKENS)
    return b"\n".join(lines)


def _cell(random: Random, content: bytes) -> bytes:
    """One cell of a table."""
    lines = content.split(b"\n")
    at = random.randrange(len(lines))
    cells = lines[at].split(b",")
    cells[random.randrange(len(cells))] = random.choice(_TOKENS)
    lines[at] = b",".join(cells)
    return b"\n".join(lines)


def _json(random: Random, content: bytes) -> bytes:
    """A value of a JSON text, or of one of its lines, replaced, removed or moved."""
    try:
        return _changed(random, content)
    except (ValueError, RecursionError):
        lines = content.split(b"\n")
    at = random.randrange(len(lines))
    try:
        lines[at] = _changed(random, lines[at])
    except (ValueError, RecursionError):
        return _token(random, content)
    return b"\n".join(lines)


def _changed(random: Random, text: bytes) -> bytes:
    value = json.loads(text)
    places = list(_places(value))
    if not places:
        raise ValueError("a bare value")
    holder, key = random.choice(places)
    deed = random.randrange(4)
    if deed == 0:
        del holder[key]
    elif deed == 1 and isinstance(holder, list):
        holder += holder * random.randint(1, 30)
    else:
        holder[key] = random.choice(_VALUES)
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _places(value: Any) -> "list[tuple[Any, Any]]":
    """Every (holder, key) within a value, in their order."""
    found, ahead = [], [value]
    while ahead:
        holder = ahead.pop()
        if not isinstance(holder, dict | list):
            continue
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        found += [(holder, key) for key in keys[:400]]
        ahead += [holder[key] for key in keys[:400]]
    return found


_CHANGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    _flipped, _flipped, _number, _cut, _removed, _spliced, _token, _line, _cell,
    _json, _json, _json,
)  # fmt: skip
