"""The demo's page in a real browser: charts draw, filters work, nothing is amiss."""

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import reswise
from commands import demo
from reports.sections import SECTION_OF

pytestmark = [pytest.mark.slow, pytest.mark.checkout]
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_DRAWN = "html[data-drawn=yes]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, the one that is installed."""
    path = next(filter(None, map(shutil.which, _CHROMIUM)), None)
    if path is None:
        pytest.skip("no Chromium here: the page is not opened")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=list(_QUIET))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `reswise demo` ends with, and an adaptation with its trial beside it."""
    folder = tmp_path_factory.mktemp("demo")
    parser = argparse.ArgumentParser()
    demo.add_flags(parser)
    demo.run(parser.parse_args(["--limit", "400", "--run", str(folder)]))
    _adapt(folder / "adapt")
    _adapt(folder / "trial", "--repeat-splits", "1")
    assert reswise.run(["report", str(folder), "--out", str(folder)]) == 0
    return folder / "report.html"


def _adapt(folder: Path, *more: str) -> None:
    line = (
        "adapt --model small_resnet --weights glyphs --dataset glyphs --split train "
        f"--limit 80 --resolutions 48 --passes 1 --views 1 --run {folder}"
    )
    assert reswise.run([*line.split(), *more]) == 0


@pytest.fixture(params=[(1440, "light"), (390, "light"), (1440, "dark")])
def page(
    request: pytest.FixtureRequest, browser: Any, page_file: Path
) -> Iterator[Any]:
    """The page, drawn, with what the console said."""
    width, colours = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=colours, offline=True
    )
    shown = context.new_page()
    said: list[str] = []
    shown.on("console", lambda one: said.append(one.text))
    shown.on("pageerror", lambda error: said.append(str(error)))
    shown.goto(page_file.as_uri())
    shown.wait_for_selector(_DRAWN, timeout=30_000)
    shown.said = said
    yield shown
    context.close()


def test_charts_draw_without_a_word_on_the_console(page: Any) -> None:
    assert page.said == []
    charts = page.locator("div.chart")
    assert charts.count() >= 6
    for index in range(charts.count()):
        assert charts.nth(index).locator("svg path").count() > 3


def test_each_table_stands_in_the_section_of_its_kind(page: Any) -> None:
    told = page.evaluate(
        "[...document.querySelectorAll('table')].map("
        "one => [one.dataset.kind, one.closest('section').id])"
    )
    assert {kind for kind, _ in told} >= {
        *("drop", "selectors", "random-draws", "thresholds", "plan", "parity"),
        *("bench", "published", "adaptation", "adaptation-trial"),
    }
    assert all(SECTION_OF[kind] == section for kind, section in told)


def test_nothing_is_wider_than_the_screen(page: Any) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0


def test_the_filter_leaves_one_kind(page: Any) -> None:
    chart = page.locator("#overview-1")
    marks = "g.mark-symbol.role-mark path"
    before = chart.locator(marks).count()
    chart.locator("select").select_option(label="oracle")
    page.wait_for_function(
        "n => document.querySelectorAll('#overview-1 g.mark-symbol.role-mark path')"
        ".length < n",
        arg=before,
    )
    assert 0 < chart.locator(marks).count() < before


def test_hovering_shows_the_row(page: Any) -> None:
    point = page.locator("#overview-1 g.mark-symbol.role-mark path").first
    point.hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for(timeout=10_000)
    assert "MMACs" in tip.inner_text()


def test_axe_finds_no_serious_fault(page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, [(one["id"], one["nodes"][0]["html"]) for one in serious]
