"""The admission gate of the bank: an injection is let in when its figures show that it is fair.

The clean script passes every probe, with room to spare; the broken one shows its symptom and is
refused by a probe; the canonical repair passes, and so does every other right one; every fix that
only looks like one is refused; and a training is cheap.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field

from grader.bank import item as items
from grader.bank.bank import Base
from grader.bank.injection import Injection
from grader.bank.item import Examination
from grader.bank.trial import Row
from grader.box import Box
from grader.model import Measure

CPU_S = 15
"""Of one training."""
ROOM = 2
"""Standard deviations between the mean of a measure of the clean script and its bar."""
GAMED = 3


@dataclass
class Admission:
    """What one injection, or one clean base, showed on the seeds that it was tried on."""

    name: str
    family: str = "clean"
    seeds: int = 0
    """How many it was tried on."""
    problems: list[str] = field(default_factory=list)
    symptom: str = ""
    refused_by: dict[str, int] = field(default_factory=dict)
    """Probes that refused the broken script, and on how many seeds."""
    fixes: dict[str, int] = field(default_factory=dict)
    """Fixes that only look like one, and on how many seeds each was refused."""
    accepted: dict[str, int] = field(default_factory=dict)
    cpu_s: float = 0
    """The most of one training."""
    spent_s: float = 0
    """Of all trainings."""
    measures: list[Measure] = field(default_factory=list)
    """Of right scripts."""

    def problem(self, seed: int, what: str) -> None:
        self.problems.append(f"{self.name}, seed {seed}: {what}")


def admit_base(found: Admission, base: Base, box: Box, seed: int) -> None:
    """Add what the clean script shows on a seed. Raises: GraderFault."""
    found.seeds += 1
    done = _examined(found, base, base.clean(seed), box, seed)
    if not done.passed:
        found.problem(seed, f"the clean script is refused: {done}")


def admit(
    found: Admission, base: Base, injection: Injection, box: Box, seed: int, *, whole: bool = True
) -> None:
    """Add what an injection shows on a seed. Raises: GraderFault.

    Args: whole, with all fixes; else with the first three that must be refused.
    """
    found.seeds += 1
    gamed = {**{name: base.tricks[name] for name in injection.tricks}, **injection.gamed}
    if len(gamed) < GAMED:
        found.problem(seed, f"{len(gamed)} fixes must be refused; name at least {GAMED}")
    _broken(found, base, injection, box, seed)
    if injection.setting:
        done = _examined(found, base, base.repaired(injection, seed), box, seed)
        if not done.passed:
            found.problem(seed, f"the canonical repair is refused: {done}")
    for name in gamed if whole else list(gamed)[:GAMED]:
        text = base.broken(injection, seed, gamed[name])
        done = _examined(found, base, text, box, seed, right=False)
        found.fixes[name] = found.fixes.get(name, 0) + (not done.passed)
        if done.passed:
            found.problem(seed, f"{name} is no repair, and passes")
    for name, edits in injection.accepted.items() if whole else ():
        done = _examined(found, base, base.broken(injection, seed, edits), box, seed)
        found.accepted[name] = found.accepted.get(name, 0) + done.passed
        if not done.passed:
            found.problem(seed, f"{name} is right, and is refused: {done}")
    if found.cpu_s > CPU_S:
        found.problem(seed, f"a training takes {found.cpu_s:.1f} CPU s; {CPU_S} are allowed")


def narrow(measures: Sequence[Measure]) -> list[str]:
    """Measures of right scripts whose mean is too near to its bar for how much they vary."""
    found = []
    for name in dict.fromkeys(m.name for m in measures if m.bar is not None):
        same = [m for m in measures if m.name == name]
        values, bar, sign = [m.value for m in same], same[0].bar or 0.0, 1
        sign = 1 if same[0].better == "higher" else -1
        room = sign * (statistics.fmean(values) - bar)
        if len(values) > 2 and room < ROOM * statistics.stdev(values):
            found.append(f"{name} is within {ROOM} standard deviations of its bar {bar:g}")
    return found


def _broken(found: Admission, base: Base, injection: Injection, box: Box, seed: int) -> None:
    text = base.broken(injection, seed)
    rows = []
    with closing(items.rows(base, "item.py", text, seed, box)) as running:
        for row in running:
            rows.append(row)
            if isinstance(row.get("loss"), str):  # nan or inf, and so will the others be
                break
    error = str(rows[-1].get("error", "")) if rows else ""
    plain = [{key: float(v) for key, v in row.items() if _is_number(v)} for row in rows]
    if not injection.symptom.shown(plain, error.partition(":")[0]):
        found.problem(seed, f"the symptom does not show ({_end(rows)})")
    found.symptom = _end(rows)
    done = items.examine(base, "item.py", text.encode(), seed, box, trials=1)
    _spend(found, done)
    for outcome in done.refused:
        probe = outcome.check.removeprefix("check_")
        found.refused_by[probe] = found.refused_by.get(probe, 0) + 1
    if done.passed:
        found.problem(seed, "no probe refuses the broken script")


def _is_number(value: object) -> bool:
    return isinstance(value, float | int) or value in ("nan", "inf", "-inf")


def _end(rows: Sequence[Row]) -> str:
    """The end of a log in a few words."""
    losses = [row for row in rows if "loss" in row]
    last = losses[-1] if losses else {}
    error = str(rows[-1].get("error", "no row")) if rows else "no row"
    told = {key: value for row in rows for key, value in row.items() if key.startswith("val_")}
    shown = [f"loss {last.get('loss')} at step {last.get('step')}"] if last else []
    shown += [f"{key} {value}" for key, value in told.items() if key != "val_loss"]
    idle = max((row.get("without_gradient", 0) for row in rows), default=0)
    shown += [f"{idle} without gradient"] if idle else []
    return ", ".join([*shown, *([error[:35]] if "error" in rows[-1] else [])])


def _examined(
    found: Admission, base: Base, text: str, box: Box, seed: int, right: bool = True
) -> Examination:
    done = items.examine(base, "item.py", text.encode(), seed, box, trials=1)
    _spend(found, done)
    found.measures += done.measures if right else []
    return done


def _spend(found: Admission, done: Examination) -> None:
    found.cpu_s = max(found.cpu_s, done.cpu_s)
    found.spent_s += done.cpu_s
