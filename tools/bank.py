"""Prove the bank of broken scripts on several seeds, and write the figures.

python tools/bank.py                  everything on 5 seeds, into docs/exam-bank.md
python tools/bank.py -n 2 nan_lr lm   these injections and clean bases, on the screen only
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from grader import box
from grader.bank import gate, item
from grader.bank.bank import Bank
from grader.bank.injection import FAMILIES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "exam-bank.md"
HEAD = """# The bank of broken scripts: figures

Written by `python tools/bank.py`; do not edit. Each seed has its own names, sizes and data. Run
through the box at level {level}; {cpu:.0f} CPU seconds of trainings in all. A number in brackets
says on how many of the seeds it held, where that is not all of them. `CPU s` is the most that one
training took.
"""


def main() -> None:
    """Run the gate; exit code 1 where something is not let in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=5, help="number of seeds")
    parser.add_argument("names", nargs="*", help="injections and bases; all where none is named")
    given = parser.parse_args()
    bank = Bank(ROOT / "exams" / "bank", ROOT / "solutions" / "exams" / "bank")
    wanted = given.names or [*bank.bases, *(each.slug for each in bank.injections)]
    bases = [each for each in bank.bases.values() if each.name in wanted]
    injections = [each for each in bank.injections if each.slug in wanted]
    clean = {each.name: gate.Admission(each.name) for each in bases}
    found = {each.slug: gate.Admission(each.slug, each.family) for each in injections}
    isolation = box.isolation()
    with item.box_for(next(iter(bank.bases.values())), isolation) as warm:
        for seed in range(1, given.n + 1):
            for base in bases:
                gate.admit_base(clean[base.name], base, warm, seed)
                show(clean[base.name])
            for each in injections:
                gate.admit(found[each.slug], bank.bases[each.base], each, warm, seed)
                show(found[each.slug])
                if not given.names:  # after each, so that what was measured is never lost
                    PAGE.write_text(page(bank, clean, found, isolation.level), "utf-8")
    problems = problems_of(clean, found)
    print("\n".join([f"{len(found)} injections, {len(problems)} problems", *problems]))
    sys.exit(bool(problems))


def problems_of(clean, found) -> list[str]:
    """All that keeps something out."""
    named = [
        each for admission in [*clean.values(), *found.values()] for each in admission.problems
    ]
    return named + [
        f"{n}: {each}" for n, base in clean.items() for each in gate.narrow(base.measures)
    ]


def show(admission: gate.Admission) -> None:
    """One line while it runs."""
    print(f"{admission.name} x{admission.seeds}: {admission.symptom}, {admission.cpu_s:.1f} s")
    print(*admission.problems, sep="\n", end="\n" * bool(admission.problems), flush=True)


def page(bank, clean, found, level) -> str:
    """The figures of all that was run."""
    spent = sum(each.spent_s for each in [*clean.values(), *found.values()])
    columns = ["base", "seeds", "measure", "bar", "worst", "mean", "deviation", "CPU s"]
    lines = [HEAD.format(level=level, cpu=spent), "## Clean scripts", "", *heading(columns)]
    for each in clean.values():
        lines += measured(each)
    columns = ["item", "base", "family", "seeds", "end of the log, last seed"]
    columns += ["probes that refuse it", "no repair, refused", "other repairs, accepted", "CPU s"]
    lines += ["", "## Injections", "", *heading(columns)]
    base_of = {each.slug: each.base for each in bank.injections}
    for each in sorted(found.values(), key=lambda each: FAMILIES.index(each.family)):
        cells = [each.name, base_of[each.name], each.family, str(each.seeds), each.symptom]
        cells += [
            counted(kind, each.seeds) for kind in (each.refused_by, each.fixes, each.accepted)
        ]
        lines.append(row([*cells, f"{each.cpu_s:.1f}"]))
    problems = problems_of(clean, found) or ["nothing"]
    lines += ["", "## Not let in", "", *(f"- {each}" for each in problems), ""]
    return "\n".join(lines)


def heading(columns: list[str]) -> list[str]:
    """The first two rows of a table."""
    return [row(columns), row(["---"] * len(columns))]


def row(cells: list[str]) -> str:
    """One row of a table."""
    return f"| {' | '.join(each.replace('|', '/') for each in cells)} |"


def counted(names: dict[str, int], seeds: int) -> str:
    """Names, with the number of seeds where it is not all."""
    return ", ".join(f"{n}{'' if k == seeds else f' ({k})'}" for n, k in names.items()) or "-"


def measured(each: gate.Admission) -> list[str]:
    """A row for each measure that has a bar."""
    rows = []
    for name in dict.fromkeys(m.name for m in each.measures if m.bar is not None):
        same = [m for m in each.measures if m.name == name]
        values = [m.value for m in same]
        worst = min(values) if same[0].better == "higher" else max(values)
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        sign = ">=" if same[0].better == "higher" else "<="
        cells = [each.name, str(each.seeds), name, f"{sign} {same[0].bar:g}", f"{worst:.3g}"]
        cells += [f"{statistics.fmean(values):.3g}", f"{spread:.2g}", f"{each.cpu_s:.1f}"]
        rows.append(row(cells))
    return rows


if __name__ == "__main__":
    main()
