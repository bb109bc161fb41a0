"""The labelling page in a browser: keys, undo, closed and gone on, saved, certified."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.family_file import read_family
from selection.plans.known import Known
from selection.plans.label_file import questions
from tests.commands.test_label import TRUTH, fill, run_label, run_plan, unlabelled

pytestmark = [pytest.mark.slow, pytest.mark.checkout]
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_SITTING = 30


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Any]:
    """Headless Chromium with a profile on disk: what a closed page left is found."""
    path = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if path is None:
        pytest.skip("no Chromium here: the page is not opened")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch_persistent_context(
            str(tmp_path / "profile"),
            executable_path=path,
            args=list(_QUIET),
            accept_downloads=True,
            offline=True,
        )
        yield opened
        opened.close()


def _opened(context: Any, run: Path) -> Any:
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((run / "label.html").as_uri())
    page.said = said
    return page


def _answer(page: Any, pairs: dict[str, tuple[int, int]], count: int) -> list[str]:
    """Presses the right key for each picture shown; returns their ids."""
    truth = dict(zip(unlabelled().ids, TRUTH.labels.tolist(), strict=True))
    shown = []
    for _ in range(count):
        name = page.get_attribute("#picture img", "data-id")
        first, second = pairs[name]
        right = truth[name]
        page.keyboard.press("1" if right == first else "2" if right == second else "0")
        shown.append(name)
    return shown


def test_thirty_pictures_in_two_sittings_certify_as_their_csv(
    tmp_path: Path, context: Any
) -> None:
    run = run_plan(tmp_path, unlabelled(), "--no-search-labels")
    run_label(run)
    family = read_family(run).family
    asked = questions(family, Known.nothing(len(family.ids)))
    pairs = {family.ids[one.row]: (one.first, one.second) for one in asked}

    page = _opened(context, run)
    names = _answer(page, pairs, 12)
    page.keyboard.press("u")  # the last one once more
    assert _answer(page, pairs, 1) == names[-1:]
    page.close()
    page = _opened(context, run)
    assert page.get_attribute("html", "data-answered") == "12"
    names += _answer(page, pairs, _SITTING - 12)
    assert len(set(names)) == _SITTING
    standing = page.text_content("#standing")
    with page.expect_download() as download:
        page.keyboard.press("s")
    saved = tmp_path / "labels.csv"
    download.value.save_as(saved)
    assert page.said == []

    # the same labels by a table that was filled in by hand
    other = tmp_path / "other"
    shutil.copytree(run, other)
    by_hand = tmp_path / "by_hand.csv"
    fill(other, by_hand, len(asked))
    header, *lines = by_hand.read_text().splitlines()
    kept = [line for line in lines if line.split(",")[0] in names]
    by_hand.write_text("\n".join([header, *kept]) + "\n")
    run_label(run, saved)
    run_label(other, by_hand)
    by_page, by_csv = (
        json.loads((folder / "plan.json").read_text()) for folder in (run, other)
    )
    assert by_page == by_csv
    assert by_page["certificate"]["labels_used"] == _SITTING
    held = family.standing(_known(run))
    saving = 100 * (1 - family.macs[held.passed - 1] / family.reference_macs)
    wanted = f"saves {saving:.1f} %" if held.passed else "Nothing is certified yet"
    assert wanted in standing


def _known(run: Path) -> Known:
    from datasets.user_files import UserFile
    from selection.plans.label_file import read_known

    family = read_family(run).family
    return read_known(family, UserFile(run / "known.json"))
