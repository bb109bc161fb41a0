"""The documentation's commands run, and its links lead somewhere."""

import re
import shlex
from pathlib import Path

import pytest

import reswise

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.checkout
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("convert/*/*.md")]
)
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def _commands(page: Path) -> list[list[str]]:
    """The reswise commands of the page's `sh` blocks, in order."""
    text = "".join(_BLOCK.findall(page.read_text())).replace("\\\n", " ")
    lines = [shlex.split(line, comments=True) for line in text.splitlines()]
    return [line for line in lines if line]


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if _commands(page)],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_the_commands_of_a_page_run(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an empty folder, one after the other."""
    monkeypatch.chdir(tmp_path)
    for program, *arguments in _commands(page):
        assert program == "reswise"
        monkeypatch.setattr("sys.argv", [program, *arguments])
        with pytest.raises(SystemExit) as ended:
            reswise.main()
        assert not ended.value.code, shlex.join(arguments)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_is_dead(page: Path) -> None:
    """Links inside the repository; those to other sites are not followed."""
    for found in _LINK.finditer(page.read_text()):
        target = found[1] or found[2]
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.M)
            slugs = {
                re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings
            }
            assert anchor in slugs, target


def test_links_are_found() -> None:
    assert any(_LINK.search(page.read_text()) for page in PAGES)
