"""device.jsonl that an app wrote, read as a stranger's: nothing is believed unseen.

Lines are those of our runner (see `results`), and beside them: the first one's `app`
says which bundle ran with what settings on what device; an image's decode_ns and
prepare_ns are what the app paid beside inference and selector.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from android_bench.json_fields import LARGEST, Fields, is_whole
from android_bench.results import Item, Results
from android_bench.script import Settings
from convert.bundle import Bundle
from convert.manifest import MANIFEST_FILE
from datasets.errors import InputError
from datasets.files import file_sha256
from datasets.strict_json import parse
from datasets.user_files import UserFile
from selection.arrays import Float64s

MOST_BYTES = 512 << 20
MOST_LINE_BYTES = 1 << 16  # as the runner's
MOST_ITEMS = 1_000_000
MOST_NS = LARGEST  # eleven days
_MOST_TEXT = 200
_MOST_TOP = 32
_Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class AppResults:
    """One in-app bench."""

    results: Results
    ids: tuple[str, ...]  # of one round, in the order in which they ran
    decode_us: Float64s  # (items,)
    prepare_us: Float64s  # (items,) crop, resize, normalisation, quantisation
    settings: Settings
    engine: str
    device: dict[str, str]
    unreadable: tuple[str, ...]

    @property
    def label(self) -> str:
        """The device in words."""
        parts = [self.device.get("model", "an unnamed device")]
        if android := self.device.get("android"):
            parts.append(f"Android {android}")
        return ", ".join([*parts, "in the app"])


def read_app_results(path: Path, bundle: Bundle) -> AppResults:
    """All lines of a device.jsonl, held against the bundle that it must be of.

    Raises:
        InputError: the first thing that is not as it should be, in one line.
    """
    reader = _Reader(path, bundle)
    for number, line in enumerate(_lines(path), start=1):
        where = f"{path}: line {number}"
        event = parse(line, where)
        if not isinstance(event, dict):
            raise InputError.of(where, "no JSON object", "a line of results")
        reader.take(event, where)
    return reader.results()


def _lines(path: Path) -> Iterator[bytes]:
    """Whole lines; a last one that a kill cut off is left out."""
    results = UserFile(path, expected="an app's device.jsonl")
    try:
        with results.checked(MOST_BYTES).open("rb") as file:
            while line := file.readline(MOST_LINE_BYTES + 1):
                if len(line) > MOST_LINE_BYTES:
                    raise InputError.of(
                        path,
                        f"a line of more than {MOST_LINE_BYTES:,} bytes",
                        "an app's device.jsonl",
                    )
                if line.endswith(b"\n"):
                    yield line
    except OSError as error:
        raise InputError.of(path, f"cannot be read ({error.strerror})") from error


class _Reader:
    """Events in their order: start, then probes and images, then done."""

    def __init__(self, path: Path, bundle: Bundle) -> None:
        self._path, self._bundle = path, bundle
        self._start: _Json | None = None
        self._app = Fields({}, str(path))
        self._items: list[Item] = []
        self._decode: list[int] = []
        self._prepare: list[int] = []
        self._probes: list[tuple[int, int]] = []
        self._unreadable: list[str] = []
        self._peak_kb: int | None = None

    def take(self, event: _Json, where: str) -> None:
        facts = Fields(event, where)
        name = event.get("event")
        if self._peak_kb is not None:
            raise InputError.of(where, "more lines after 'done'", "none")
        if name == "unreadable" and self._start is None:
            self._unreadable.append(facts.text("id"))
        elif name == "start" and self._start is None:
            self._begin(facts)
        elif name == "image" and self._start is not None:
            self._image(facts)
        elif name == "probe" and self._start is not None:
            self._probe(facts)
        elif name == "done" and self._start is not None:
            self._done(facts)
        else:
            raise facts.wrong("event", name, "start once, then image, probe, done")

    def _begin(self, facts: Fields) -> None:
        self._start = facts.held
        self._app = facts.inner("app")
        said = self._app.text("bundle_sha256")
        own = file_sha256(self._bundle.folder / MANIFEST_FILE)
        if said != own:
            raise InputError.of(
                self._path,
                "the app ran a bundle whose manifest.json has a SHA-256 that begins "
                f"{said[:12]!a}; {self._bundle.folder} has {own[:12]}",
                "",
                "Name the bundle that is in the app (`bundle`).",
            )
        for file in facts.each("files", 64):
            file.whole("load_ns", MOST_NS)
        facts.wholes("first_ns", len(self._bundle.selector.ladder))
        facts.whole("threads", 64)

    def _image(self, facts: Fields) -> None:
        ladder = self._bundle.selector.ladder
        if facts.whole("item", MOST_ITEMS) != len(self._items):
            raise facts.wrong("item", facts.held["item"], str(len(self._items)))
        rungs = facts.wholes("rungs", len(ladder), len(ladder) - 1)
        times = facts.wholes("rung_ns", len(ladder))
        if not rungs or len(rungs) != len(times) or rungs != sorted(set(rungs)):
            raise facts.wrong("rungs", rungs, "ascending ones, each with its rung_ns")
        selector, total = (
            facts.whole(name, MOST_NS) for name in ("selector_ns", "total_ns")
        )
        if total != selector + sum(times):
            raise facts.wrong("total_ns", total, "the sum of selector_ns and rung_ns")
        self._items.append(
            Item(
                item=len(self._items),
                id=facts.text("id"),
                rungs=tuple(rungs),
                rung_ns=tuple(times),
                selector_ns=selector,
                total_ns=total,
                top=self._top(facts),
            )
        )
        self._decode.append(facts.whole("decode_ns", MOST_NS))
        self._prepare.append(facts.whole("prepare_ns", MOST_NS))

    def _top(self, facts: Fields) -> tuple[tuple[int, float], ...]:
        classes = self._bundle.manifest.rungs[0].classes
        best = []
        for pair in facts.items("top", _MOST_TOP):
            sound = (
                isinstance(pair, list)
                and len(pair) == 2
                and is_whole(pair[0], classes - 1)
                and isinstance(pair[1], int | float)
                and not isinstance(pair[1], bool)
                and math.isfinite(pair[1])
            )
            if not sound:
                raise facts.wrong(
                    "top", pair, f"a class below {classes}, and its score"
                )
            best.append((int(pair[0]), float(pair[1])))
        scores = [score for _, score in best]
        if not best or scores != sorted(scores, reverse=True):
            raise facts.wrong("top", best, "the highest scores, the highest first")
        return tuple(best)

    def _probe(self, facts: Fields) -> None:
        item = facts.whole("item", MOST_ITEMS)
        self._probes.append((item, facts.whole("ns", MOST_NS)))

    def _done(self, facts: Fields) -> None:
        if facts.whole("items", MOST_ITEMS) != len(self._items):
            raise facts.wrong("items", facts.held["items"], str(len(self._items)))
        self._peak_kb = facts.whole("peak_kb", MOST_NS)

    def results(self) -> AppResults:
        if self._start is None or not self._items:
            raise InputError.of(self._path, "no image ran", "an app's device.jsonl")
        results = Results(
            tuple(self._items), tuple(self._probes), (self._start,), self._peak_kb
        )
        return AppResults(
            results=results,
            ids=self._ids(),
            decode_us=np.array(self._decode, np.float64) / 1e3,
            prepare_us=np.array(self._prepare, np.float64) / 1e3,
            settings=_settings(self._app.inner("settings")),
            engine=self._app.text("engine"),
            device=_device(self._app.inner("device")),
            unreadable=tuple(self._unreadable),
        )

    def _ids(self) -> tuple[str, ...]:
        """The pictures of a round: every later round has the same in the same order."""
        ran = [item.id for item in self._items]
        images = self._app.whole("images", MOST_ITEMS)
        ids = ran[:images]
        if len(set(ids)) < len(ids) or not images:
            raise InputError.of(self._path, "a picture stands twice in the first round")
        for index, name in enumerate(ran):
            if name != ids[index % len(ids)]:
                raise InputError.of(
                    self._path,
                    f"item {index} is {name[:60]!a}",
                    f"{ids[index % len(ids)][:60]!a}, as in the first round",
                )
        return tuple(ids)


def _settings(facts: Fields) -> Settings:
    return Settings(
        threads=facts.whole("threads", 64),
        warm_up=facts.whole("warm_up", MOST_ITEMS),
        rounds=facts.whole("rounds", MOST_ITEMS),
        least_count=facts.whole("least_count", MOST_ITEMS),
        least_seconds=facts.number("least_seconds", 1e6),
        probe_every=facts.whole("probe_every", MOST_ITEMS),
    )


def _device(facts: Fields) -> dict[str, str]:
    """What the app says of the device; short, and few things."""
    if len(facts.held) > 32:
        raise facts.wrong("device", f"{len(facts.held)} facts", "at most 32")
    return {
        name[:_MOST_TEXT]: facts.text(name)[:_MOST_TEXT].replace("\n", " ")
        for name in facts.held
    }
