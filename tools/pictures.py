"""Make the pictures of the documentation: `python tools/pictures.py`.

docs/verdict.svg  a wrong answer in the terminal
docs/status.svg   a learner's progress in the terminal
docs/report.png   the HTML report (needs playwright and a Chromium)
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from grader import catalogue

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
GRADE = str(Path(sys.prefix, "bin", "grade"))
# No font is fetched: the reader's own monospaced one will do.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.S)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Grade a few answers in a new workspace and keep what was seen."""
    with tempfile.TemporaryDirectory() as place:
        work = Path(place, "work")
        grade(Path(place), "init", "work", "--course", str(ROOT))
        put(work, "attention/sdpa_masks", "mistakes/no_scale.yaml")
        picture("verdict.svg", "grade sdpa_masks", grade(work, "sdpa_masks"), lines=36)
        for slug in ("attention/sdpa_masks", "backprop/layer_backward", "transformer/train_gpt"):
            put(work, slug, "reference.py")
            grade(work, slug.split("/")[1])
        put(work, "attention/multihead", "mistakes/view_without_transpose.yaml")
        grade(work, "multihead")
        picture("status.svg", "grade status", grade(work, "status"))
        put(work, "attention/sdpa_masks", "mistakes/mask_replaces_causal.yaml")
        grade(work, "run", "sdpa_masks", "train_gpt", "-o", "report.html")
        photograph(work / "report.html", DOCS / "report.png")


def put(work: Path, exercise: str, what: str) -> None:
    """Write an answer of the course into the workspace."""
    unit, slug = exercise.split("/")
    found = catalogue.find(catalogue.load(ROOT), slug)
    source = catalogue.source(found, found.solution / what)
    (work / unit / f"{slug}.py").write_text(source, "utf-8")


def grade(folder: Path, *words: str) -> str:
    """What the command prints in a colour terminal of 80 columns."""
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": "80", "GRADER_LEARNER": "ada"}
    done = subprocess.run([GRADE, *words], cwd=folder, env=environment, capture_output=True)
    if done.returncode > 1:
        raise SystemExit(done.stderr.decode())
    return done.stdout.decode()


def picture(name: str, command: str, said: str, lines: int | None = None) -> None:
    """The first lines as an SVG that fetches nothing."""
    console = Console(record=True, width=80, file=io.StringIO())
    console.print(Text(f"$ {command}\n", "bold"))
    shown = said.rstrip().splitlines()
    console.print(Text.from_ansi("\n".join(shown[:lines])))
    if lines and len(shown) > lines:
        console.print("[dim]...[/dim]")
    svg = console.export_svg(title="", code_format=FORMAT, unique_id=name.partition(".")[0])
    (DOCS / name).write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")


def photograph(page: Path, target: Path) -> None:
    """The top of an HTML page."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        view = browser.new_page(viewport={"width": 1100, "height": 2520})
        view.goto(page.as_uri())
        view.screenshot(path=target)
        browser.close()


if __name__ == "__main__":
    main()
