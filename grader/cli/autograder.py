"""`grade author autograder`: the zip that Gradescope makes an autograder of.

Source: Autograder Specifications, in Gradescope's documentation: `setup.sh` is run once as root,
`run_autograder` for each submission; the zip lies in /autograder/source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import click

from grader import catalogue
from grader.cli.common import complete_slug, course_option, load_course
from grader.cli.output import replace
from grader.model import Exercise

SETUP = """\
#!/bin/sh
# Install the grader, and close the course to the user that submissions run as.
set -eu
cd /autograder/source
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \\
    bubblewrap libseccomp2 util-linux python3-venv
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "choose an image with Python 3.11")'
python3 -m venv /opt/grader
if [ -f constraints.txt ]; then
    # torch first and by its exact version: a range would take the largest CUDA build.
    /opt/grader/bin/pip install -q "$(grep '^torch==' constraints.txt)"
    export PIP_CONSTRAINT=/autograder/source/constraints.txt
fi
/opt/grader/bin/pip install -q ./*.whl
DATA
chmod -R go-rwx /autograder/source
"""
DATA = "XDG_CACHE_HOME=/opt/grader/cache /opt/grader/bin/grade data NAMES\n"
RUN = """\
#!/bin/sh
# Grade one submission. Without results.json Gradescope says that the autograder failed.
# A link is not followed: it might lead to the solution.
mkdir -p /autograder/work
cd /autograder/work
for name in FILES; do
    [ -L "/autograder/submission/$name" ] || cp -RP "/autograder/submission/$name" .
done
export XDG_CACHE_HOME=/opt/grader/cache
/opt/grader/bin/grade run SLUGS --course /autograder/source/course \\
    -o gradescope:/autograder/results/results.json
test -f /autograder/results/results.json
"""


@click.command()
@click.argument("slugs", nargs=-1, required=True, shell_complete=complete_slug, metavar="SLUG...")
@click.option(
    "--wheel",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The grader itself: `pip wheel --no-deps .` makes it.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("autograder.zip"))
@course_option
def autograder(slugs: tuple[str, ...], wheel: Path, output: Path, folder: Path | None) -> None:
    """Write a Gradescope autograder for some exercises, their hidden checks included.

    \b
    Example:
        grade author autograder sdpa_masks --wheel torch_grader-0.1.0-py3-none-any.whl
    """
    root, course = load_course(folder)
    chosen = [catalogue.find(course, slug) for slug in slugs]
    replace(output, _zipped(_files(root, chosen, wheel)))
    click.echo(f"{output}: upload it as the autograder of a programming assignment.")
    click.echo(f"Learners hand in {', '.join(map(_handed_in, chosen))}.")


def _handed_in(exercise: Exercise) -> str:
    return exercise.slug + exercise.stub.suffix


def _zipped(files: Iterable[tuple[str, bytes, int]]) -> bytes:
    """The same files, the same bytes."""
    whole = BytesIO()
    with ZipFile(whole, "w") as archive:
        for name, content, mode in files:
            entry = ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content, ZIP_DEFLATED)
    return whole.getvalue()


def _files(root: Path, chosen: list[Exercise], wheel: Path) -> Iterator[tuple[str, bytes, int]]:
    """Name, content and mode: the whole public half, and the private one of what is graded."""
    needs = sorted({each for exercise in chosen for each in exercise.needs})
    data = DATA.replace("NAMES", " ".join(needs)) if needs else ""
    yield "setup.sh", SETUP.replace("DATA\n", data).encode(), 0o755
    files = " ".join(map(_handed_in, chosen))
    slugs = " ".join(each.slug for each in chosen)
    run = RUN.replace("FILES", files).replace("SLUGS", slugs)
    yield "run_autograder", run.encode(), 0o755
    yield wheel.name, wheel.read_bytes(), 0o644
    if (root / "constraints.txt").exists():
        yield "constraints.txt", (root / "constraints.txt").read_bytes(), 0o644
    for half in (root / "exercises", *(each.solution for each in chosen)):
        for path in sorted(half.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                name = path.relative_to(root).as_posix()
                yield f"course/{name}", path.read_bytes(), 0o644
