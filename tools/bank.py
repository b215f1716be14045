"""Prove the bank of broken scripts on several seeds, and write the figures.

python tools/bank.py                  everything on 5 seeds, into docs/exam-bank.md
python tools/bank.py -n 2 nan_lr lm   these injections and clean bases, on the screen only
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

from grader import box
from grader.exam import gate, item
from grader.exam.bank import Bank
from grader.exam.injection import FAMILIES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "exam-bank.md"
HEAD = """# The bank of broken scripts: figures

Written by `python tools/bank.py`; do not edit. {seeds} seeds of the variation, each with its own
data, through the box at level {level}; {cpu:.0f} CPU seconds of trainings in all. A figure such as
5 is the number of seeds on which it held. `CPU s` is the most that one training took.

"""


def main() -> None:
    """Run the gate; exit code 1 where something is not let in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=5, help="number of seeds")
    parser.add_argument("names", nargs="*", help="injections and bases; all where none is named")
    given = parser.parse_args()
    bank = Bank(ROOT / "exams" / "bank", ROOT / "solutions" / "exams" / "bank")
    clean, found, started = [], [], time.process_time()
    isolation = box.isolation()
    with item.box_for(next(iter(bank.bases.values())), isolation) as warm:
        for base in bank.bases.values():
            if not given.names or base.name in given.names:
                clean.append(gate.admit_base(base, warm, range(given.n)))
                show(clean[-1])
        for injection in bank.injections:
            if not given.names or injection.slug in given.names:
                base = bank.bases[injection.base]
                found.append(gate.admit(base, injection, warm, range(given.n)))
                show(found[-1])
    problems = [each for admission in clean + found for each in admission.problems]
    if not given.names:
        spent = sum(each.spent_s for each in clean + found)
        head = HEAD.format(seeds=given.n, level=isolation.level, cpu=spent)
        PAGE.write_text(head + page(bank, clean, found, given.n, problems), "utf-8")
    print(f"{len(found)} injections, {len(problems)} problems", time.process_time() - started)
    sys.exit(bool(problems))


def show(admission: gate.Admission) -> None:
    """One line while it runs, and what is wrong."""
    print(f"{admission.name}: {admission.symptom}, {admission.cpu_s:.1f} s", flush=True)
    for each in admission.problems:
        print("   ", each, flush=True)


def page(bank, clean, found, seeds, problems) -> str:
    """The tables."""
    lines = ["## Clean scripts", "", "| base | measure | bar | worst | mean | deviation | CPU s |"]
    lines.append("|---|---|---|---|---|---|---|")
    for each in clean:
        lines += measured(each)
    lines += ["", "## Injections", ""]
    lines += [
        "| item | base | family | what the log shows on the last seed | probes that refuse it"
    ]
    lines[-1] += " | no repair, refused | other repairs, accepted | CPU s |"
    lines.append("|---|---|---|---|---|---|---|---|")
    base_of = {each.slug: each.base for each in bank.injections}
    for each in sorted(found, key=lambda each: (FAMILIES.index(each.family), each.name)):
        cells = [each.name, base_of[each.name], each.family, each.symptom.replace("|", "/")]
        cells += [counted(each.refused_by, seeds), counted(each.fixes, seeds)]
        cells += [counted(each.accepted, seeds), f"{each.cpu_s:.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "## Not let in", "", *(f"- {each}" for each in problems or ["nothing"]), ""]
    return "\n".join(lines)


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
        cells = [each.name, name, f"{sign} {same[0].bar:g}", f"{worst:.3g}"]
        cells += [f"{statistics.fmean(values):.3g}", f"{spread:.2g}", f"{each.cpu_s:.1f}"]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


if __name__ == "__main__":
    main()
