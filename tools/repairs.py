"""Write the stub and the reference of every exercise that repairs scripts of the bank.

python tools/repairs.py [SLUG ...]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from grader import box
from grader.bank.item import box_for
from grader.bank.repairs import Repairs

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Each script is trained once for its log."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("slugs", nargs="*", help="exercises; all where none is named")
    wanted = parser.parse_args().slugs
    for path in sorted((ROOT / "solutions").glob("*/*/items.yaml")):
        solution = path.parent
        if wanted and solution.name not in wanted:
            continue
        repairs = Repairs(solution)
        first = next(iter(repairs.bank.bases.values()))
        with box_for(first, box.isolation()) as warm:
            public = ROOT / "exercises" / solution.parent.name / solution.name
            write(public / "stub", dict(repairs.stub(warm)))
        write(solution / "reference", dict(repairs.reference()))


def write(folder: Path, files: dict[str, bytes]) -> None:
    """These files and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_file() and path.name not in files:
            path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
