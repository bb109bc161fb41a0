"""The demo's page in a real browser: charts draw, filters work, nothing is amiss."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import reswise
from commands import demo
from reports.glossary import WORDS
from reports.sections import SECTION_OF
from tests.reports import screens

pytestmark = [pytest.mark.slow, pytest.mark.checkout]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, the one that is installed."""
    path = screens.chromium()
    if path is None:
        pytest.skip("no Chromium here: the page is not opened")
    with screens.browser(path) as opened:
        yield opened


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


@pytest.fixture(params=[(1440, "light"), (390, "light"), (1440, "dark"), (390, "dark")])
def page(
    request: pytest.FixtureRequest, browser: Any, page_file: Path
) -> Iterator[Any]:
    """The page, drawn, with what the console said."""
    width, colours = request.param
    with screens.page(browser, page_file, width, colours) as shown:
        yield shown


@pytest.fixture(params=[(1440, "light"), (390, "dark")])
def either(
    request: pytest.FixtureRequest, browser: Any, page_file: Path
) -> Iterator[Any]:
    """Wide or narrow: for what colours do not change."""
    width, colours = request.param
    with screens.page(browser, page_file, width, colours) as shown:
        yield shown


@pytest.fixture
def narrow(browser: Any, page_file: Path) -> Iterator[Any]:
    """As a phone shows it."""
    with screens.page(browser, page_file, 390, "light") as shown:
        yield shown


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


def _column(page: Any, table: str, number: int) -> list[str]:
    """The cells of a column, of the rows that are shown."""
    cells = page.evaluate(
        "([table, number]) => [...document.querySelector(table).tBodies[0].rows]"
        ".filter(row => !row.hidden).map(row => row.cells[number].textContent)",
        [table, number],
    )
    return [str(cell).strip() for cell in cells]


def test_a_heading_sorts_by_numbers_and_back(either: Any) -> None:
    """As text 10.70 would stand before 4.78."""
    table = "table[data-kind=drop]"
    heads = either.locator(table).first.locator("th")
    number = next(
        index
        for index, text in enumerate(heads.all_text_contents())
        if text.startswith("MMACs")
    )
    before = [float(cell) for cell in _column(either, table, number)]
    assert len(set(before)) > 3
    orders = ((sorted(before), "ascending"), (sorted(before)[::-1], "descending"))
    for wanted, said in orders:
        heads.nth(number).locator("button").click()
        assert [float(cell) for cell in _column(either, table, number)] == wanted
        assert heads.nth(number).get_attribute("aria-sort") == said


def test_a_filter_leaves_rows_with_every_word(either: Any) -> None:
    table = "table[data-kind=selectors]"
    block = either.locator("[data-table]").filter(has=either.locator(table)).first
    every = _column(either, table, 0)
    assert {"cascade", "oracle"} <= set(every)
    field = block.locator("input[type=search]")
    field.fill("oracle")
    assert _column(either, table, 0) == ["oracle"]
    field.fill("no such selector")
    assert _column(either, table, 0) == []
    field.fill("")
    assert _column(either, table, 0) == every


def test_columns_are_shown_and_hidden(either: Any) -> None:
    table = "table[data-kind=selectors]"
    block = either.locator("[data-table]").filter(has=either.locator(table)).first
    head = block.locator("th", has_text="ECE")
    assert head.is_hidden()
    block.locator("details.columns summary").click()
    box = block.locator("details.columns label", has_text="ECE").locator("input")
    box.check()
    assert head.is_visible()
    box.uncheck()
    assert head.is_hidden()
    boxes = block.locator("details.columns input")
    for index in range(boxes.count()):
        if boxes.nth(index).is_checked():
            boxes.nth(index).click()
    shown = [heading.is_visible() for heading in block.locator("th").all()]
    assert shown.count(True) == 1  # the last one stays


def test_each_of_the_six_words_is_one_hover_away(either: Any) -> None:
    words = either.locator("p.words dfn")
    assert words.all_text_contents() == list(WORDS)
    for index, told in enumerate(WORDS.values()):
        words.nth(index).hover()
        tip = either.locator("#tip")
        assert tip.is_visible()
        assert tip.inner_text() == told
        box = tip.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= either.viewport_size["width"]
    either.keyboard.press("Escape")
    assert either.locator("#tip").is_hidden()
    words.first.focus()  # without a pointer too
    assert either.locator("#tip").inner_text() == WORDS["rung"]


def test_no_table_goes_on_unseen(either: Any) -> None:
    """Where one is wider than its place a line says so, and only there."""
    told = either.evaluate(
        "[...document.querySelectorAll('[data-table]')].map(block => {"
        " const wide = block.querySelector('.wide');"
        " return [wide.scrollWidth - wide.clientWidth > 1,"
        " !block.querySelector('.more').hidden]; })"
    )
    assert told
    assert all(wider == said for wider, said in told), told


def test_scrolled_sideways_the_first_column_stays(narrow: Any) -> None:
    """The first one that is shown: of a sweep of one crop `crop` is not."""
    table = "table[data-kind=drop]"
    assert narrow.locator(f"{table} th").first.is_hidden()
    left = (
        "table => { const wide = document.querySelector(table).closest('.wide');"
        " wide.scrollLeft = 120;"
        " const first = document.querySelector(table + ' td.first');"
        " return [wide.scrollLeft,"
        " first.getBoundingClientRect().left - wide.getBoundingClientRect().left]; }"
    )
    scrolled, distance = narrow.evaluate(left, table)
    assert scrolled > 50
    assert abs(distance) <= 2


def test_a_plan_fits_a_narrow_page(narrow: Any) -> None:
    wider = narrow.evaluate(
        "[...document.querySelectorAll('table[data-kind=plan]')]"
        ".map(table => table.closest('.wide')).map(w => w.scrollWidth - w.clientWidth)"
    )
    assert wider
    assert max(wider) <= 1


def test_no_chart_or_legend_is_clipped(page: Any) -> None:
    """Every label and mark of a chart lies within its picture."""
    beyond = page.evaluate(
        "[...document.querySelectorAll('.chart svg')].flatMap(svg => {"
        " const own = svg.getBoundingClientRect();"
        " return [...svg.querySelectorAll('text, .mark-symbol path')]"
        " .map(part => [part, part.getBoundingClientRect()])"
        " .filter(([, box]) => box.width && (box.left < own.left - 1 ||"
        " box.right > own.right + 1 || box.top < own.top - 1 ||"
        " box.bottom > own.bottom + 1))"
        " .map(([part]) => svg.closest('figure').querySelector('h3').textContent"
        " + ': ' + (part.textContent || part.tagName)); })"
    )
    assert beyond == []


def test_rungs_are_named_without_hovering(either: Any) -> None:
    names = either.locator("#overview-1 g.mark-text text").all_text_contents()
    assert {"32", "48", "96", "small_resnet"} <= set(names)
    lines = either.locator("#overview-1 g.mark-line path")
    assert lines.count() >= 2  # the fixed rungs of each network are joined


def test_each_table_names_its_own_command(narrow: Any) -> None:
    commands = narrow.locator("p.command code").all_text_contents()
    verbs = {command.split()[1] for command in commands}
    assert {"drop", "select", "plan", "thresholds", "convert", "bench"} <= verbs
    assert "demo" not in verbs
