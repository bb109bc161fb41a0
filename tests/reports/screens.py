"""Screens of terminal and page, to look at: `python -m tests.reports.screens RUN OUT`.

The terminal is a real one of 80 and of 120 columns, not a pipe; the page stands in
headless Chromium, 1440 and 390 pixels wide, light and dark. RUN is what `reswise demo`
left: `make screens` runs that first where it is not there.
"""

import argparse
import fcntl
import io
import os
import pty
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COLUMNS = (80, 120)
PIXELS = (1440, 390)
COLOURS = ("light", "dark")
DRAWN = "html[data-drawn=yes]"
_LINES = 50
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
_QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
_SCREEN = (
    "<body style='margin:0;background:#101418;width:max-content'><pre style='margin:0;"
    "padding:12px;color:#e6e9ed;font:14px/1.3 monospace'>{}</pre></body>"
)


def chromium() -> str | None:
    """The Chromium that is installed."""
    return next(filter(None, map(shutil.which, _CHROMIUM)), None)


@contextmanager
def browser(path: str) -> Iterator[Any]:
    """It, headless, as the tests and the screens drive it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=path, args=list(_QUIET))
        yield opened
        opened.close()


@contextmanager
def page(opened: Any, file: Path, width: int, colours: str) -> Iterator[Any]:
    """The page, drawn; `said` holds what it put on the console."""
    context = opened.new_context(
        viewport={"width": width, "height": 900}, color_scheme=colours, offline=True
    )
    shown = context.new_page()
    shown.said = []
    shown.on("console", lambda message: shown.said.append(message.text))
    shown.on("pageerror", lambda error: shown.said.append(str(error)))
    shown.goto(file.as_uri())
    shown.wait_for_selector(DRAWN, timeout=60_000)
    yield shown
    context.close()


def on_a_terminal(words: list[str], columns: int, cwd: Path | None = None) -> str:
    """What a command prints on a terminal that is so wide, with its escapes."""
    ours, theirs = pty.openpty()
    size = struct.pack("HHHH", _LINES, columns, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    environment = {**os.environ, "TERM": "xterm-256color"}
    for name in ("COLUMNS", "LINES", "NO_COLOR"):
        environment.pop(name, None)
    child = subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, env=environment
    )
    os.close(theirs)
    text = b"".join(_chunks(ours)).decode("utf-8", "replace")
    os.close(ours)
    child.wait()
    return text.replace("\r\n", "\n")


def _chunks(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(descriptor, 65_536)
        except OSError:  # the child closed the terminal
            return
        if not chunk:
            return
        yield chunk


def commands(run: Path, out: Path) -> dict[str, list[str]]:
    """What is shown of the terminal: verbs over stored scores, and listings."""
    stored = [f"--from={run / model}" for model in ("mobilenet_v2", "small_resnet")]
    drop = ["drop", "--model=small_resnet", "--weights=glyphs", "--dataset=glyphs"]
    bundle = next(iter(sorted(run.glob("bundles/*_float32"))), None)
    shown = {
        "first": [],
        "models": ["models"],
        "drop": [*drop, "--resolutions=96,80,64,48,32", "--limit=1000",
                 f"--run={run / 'small_resnet'}"],
        "select": ["select", "--selectors=fixed,cascade,deferral,oracle", *stored,
                   f"--run={out / 'select'}"],
        "plan": ["plan", "--reference=small_resnet@96", "--max-drop=3",
                 "--confidence=0.9", *stored, f"--run={out / 'plan'}"],
    }  # fmt: skip
    if bundle is not None:
        shown["bundle-show"] = ["bundle", "show", str(bundle)]
    return shown


def draw(run: Path, out: Path) -> list[Path]:
    """Every screen as a PNG; returns the files."""
    path = chromium()
    if path is None:
        sys.exit("no Chromium here; install one, such as Debian's package chromium")
    out.mkdir(parents=True, exist_ok=True)
    with browser(path) as opened:
        files = list(_terminals(opened, run, out))
        files += _pages(opened, run / "report.html", out)
    return files


def _terminals(opened: Any, run: Path, out: Path) -> Iterator[Path]:
    from rich.console import Console
    from rich.text import Text

    shown = opened.new_page()
    for name, words in commands(run, out / "runs").items():
        for columns in COLUMNS:
            text = on_a_terminal([sys.executable, "-m", "reswise", *words], columns)
            last = "\n".join(line.rpartition("\r")[2] for line in text.split("\n"))
            console = Console(width=columns, record=True, file=io.StringIO())
            prompt = f"$ reswise {' '.join(words)}\n"
            console.print(Text(prompt, "bold"), end="")
            console.print(Text.from_ansi(last))
            html = console.export_html(inline_styles=True, code_format="{code}")
            shown.set_content(_SCREEN.format(html))
            file = out / f"terminal-{name}-{columns}.png"
            shown.locator("pre").screenshot(path=file)
            yield file


def _pages(opened: Any, file: Path, out: Path) -> Iterator[Path]:
    """The first screen, and the page in pieces that one can look at."""
    for width in PIXELS:
        for colours in COLOURS:
            with page(opened, file, width, colours) as shown:
                first = out / f"page-{width}-{colours}-first.png"
                shown.screenshot(path=first)
                yield first
                for section in shown.locator("main > section").all():
                    name = section.get_attribute("id")
                    piece = out / f"page-{width}-{colours}-{name}.png"
                    section.screenshot(path=piece)
                    yield piece


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("run", type=Path, help="the run folder of reswise demo")
    parser.add_argument("out", type=Path, help="where the PNG files go")
    args = parser.parse_args()
    for file in draw(args.run.resolve(), args.out.resolve()):
        print(f"wrote {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
