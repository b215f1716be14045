"""A part whose form is a diagnosis: four broken trainings, their causes and their repair.

The paper, with paths relative to the candidate's folder:

    diagnose.md  causes.md  answers.yaml       instructions, closed list, what is handed in
    diagnose/item1.py .. item4.py              broken scripts, to be repaired in place
    diagnose/item1.jsonl .. item4.jsonl        their run logs; the first row says how they were run
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from pydantic import Field

from grader import box, engine
from grader.bank import item as items
from grader.bank import sheet as sheets
from grader.bank.bank import Bank, Base
from grader.bank.injection import Injection
from grader.bank.item import Examination
from grader.bank.sheet import Answer
from grader.bank.trial import Row
from grader.documents import read_yaml, validate
from grader.exam.task import Task
from grader.lending import Progress, to_nobody
from grader.model import Frozen, GraderFault, Isolation, Measure, Outcome, UsageError, Verdict

ITEMS = ("item1", "item2", "item3", "item4")
FIX = 4
"""Points of a repair."""
ROOM = 8
"""Statements that a repair may change beyond those that were broken, before a person looks."""


class Question(Frozen):
    """What is asked about one symptom as a whole."""

    points: int = Field(gt=0)
    order: tuple[str, ...] = ()
    """The order in which the course checks its causes; one more point for keeping to it."""


class Key(Frozen):
    """`key.yaml` in the private half of the part."""

    title: str
    pass_mark: float = Field(0.5, gt=0, le=1)
    breadth: dict[str, Question]


def paper(task: Task, seed: int) -> dict[str, bytes]:
    """The instructions, the closed list, four broken scripts and their logs, the answer sheet.

    The scripts run once each in the box for their logs, about ten seconds. Raises: GraderFault.
    """
    bank = bank_of(task)
    made = {
        "diagnose.md": (task.folder / "diagnose.md").read_bytes(),
        "answers.yaml": (task.folder / "answers.yaml").read_bytes(),
        "causes.md": bank.page.encode(),
    }
    drawn = draw(bank, seed)
    with items.box_for(next(iter(bank.bases.values())), box.isolation()) as warm:
        for name, (base, injection, own) in drawn.items():
            text = base.broken(injection, own)
            made[f"diagnose/{name}.py"] = text.encode()
            made[f"diagnose/{name}.jsonl"] = items.log(base, f"{name}.py", text, own, warm)
    return made


def draw(bank: Bank, seed: int) -> dict[str, tuple[Base, Injection, int]]:
    """Base, injection and own seed of each item of a sitting."""
    drawn = zip(ITEMS, bank.draw(seed), strict=True)
    return {name: (bank.bases[i.base], i, items.seed_of(seed, name)) for name, i in drawn}


def bank_of(task: Task) -> Bank:
    """The bank of the course that the part belongs to; several parts may draw from it."""
    return Bank(task.folder.parent.parent / "bank", task.solution.parent.parent / "bank")


def run_item(bank: Path, work: Path, item: str, isolation: Isolation) -> Iterator[Row]:
    """Train the script of an item again, under the meter: the rows of its log as they come.

    For the candidate's own machine: no probe is run and nothing private is needed.

    Args: bank, the public half; work, the candidate's folder; item, as `item1`.
    Raises: UsageError where there is no such item; GraderFault.
    """
    script, log = work / "diagnose" / f"{item}.py", work / "diagnose" / f"{item}.jsonl"
    if item not in ITEMS or not script.exists():
        raise UsageError(f"there is no item `{item}` here; the items are {', '.join(ITEMS)}.")
    try:
        header = json.loads(log.read_text("utf-8").partition("\n")[0])
        base = Bank(bank, Path()).bases[header["base"]]
        seed = int(header["seed"])
        text = script.read_text("utf-8-sig")
    except (OSError, ValueError, LookupError, TypeError):
        raise UsageError(f"diagnose/{item}.jsonl is not as it was given; put it back.") from None
    with items.box_for(base, isolation) as own:
        yield from items.rows(base, script.name, text, seed, own)


def mark(
    task: Task,
    files: Mapping[str, bytes],
    seed: int,
    isolation: Isolation,
    *,
    progress: Callable[[Progress], None] = to_nobody,
) -> Verdict:
    """Four items of eight points, by cause, evidence and repair; eight points of breadth.

    Raises: GraderFault, also where the private half is not here.
    """
    began, started = time.monotonic(), datetime.now(UTC)
    bank, key = bank_of(task), _key(task)
    sheet = sheets.read(files.get(sheets.NAME), ITEMS, bank.causes)
    outcomes, notes = [sheets.readable(sheet)], []
    with items.box_for(next(iter(bank.bases.values())), isolation) as warm:
        for name, (base, injection, own) in draw(bank, seed).items():
            progress(Progress(f"{name}: all probes on three trainings"))
            answer = sheet.items.get(name, Answer())
            outcomes += sheets.cause_outcomes(name, answer, injection.accept)
            outcomes.append(sheets.evidence_outcome(name, answer, base.hunk(injection)))
            content = files.get(f"diagnose/{name}.py")
            given = base.broken(injection, own)
            outcomes.append(_fix_outcome(name, base, given, content, own, warm))
            notes += _flags(name, base.repaired(injection, own), given, content)
    for family, question in key.breadth.items():
        named, right = sheet.breadth.get(family, ()), bank.families[family]
        outcomes += sheets.breadth_outcomes(family, question.points, named, right)
        if question.order:
            outcomes.append(sheets.order_outcome(family, named, question.order))
    return Verdict(
        exercise=task.part.name,
        unit=task.folder.parent.name,
        title=key.title,
        points=task.part.points,
        pass_mark=key.pass_mark,
        file="answers.yaml",
        sha256=_digest(files),
        started=started.isoformat(timespec="seconds"),
        seed=seed,
        outcomes=tuple(outcomes),
        isolation=isolation,
        versions=engine.versions(),
        hashes=_hashes(bank),
        notes=tuple(notes),
        seconds=round(time.monotonic() - began, 2),
    )


def _fix_outcome(
    name: str, base: Base, given: str, content: bytes | None, seed: int, warm: box.Box
) -> Outcome:
    claim = f"{name}: the repaired script passes every probe, on three trainings."
    check = f"{name}_fix"
    if content is None:
        return sheets.outcome(check, claim, False, FIX, f"there was no {name}.py")
    if content.decode("utf-8-sig", "replace").strip() == given.strip():
        return sheets.outcome(check, claim, False, FIX, "the script is as it was given")
    done = items.examine(base, f"{name}.py", content, seed, warm)
    return sheets.outcome(
        check, claim, done.passed, FIX, str(done), measures=_worst(done), cpu_s=done.cpu_s
    )


def _worst(done: Examination) -> tuple[Measure, ...]:
    """Of each measure that has a bar the value that was nearest to it."""
    worst: dict[str, Measure] = {}
    for each in done.measures:
        if each.bar is not None:
            seen = worst.setdefault(each.name, each)
            lower = each.value < seen.value
            worst[each.name] = each if lower == (each.better == "higher") else seen
    return tuple(worst.values())


def _flags(name: str, right: str, given: str, content: bytes | None) -> list[str]:
    """What a person should look at."""
    text = (content or b"").decode("utf-8-sig", "replace")
    broken, done = items.changed(right, given), items.changed(given, text) if text else 0
    if done <= broken + ROOM:
        return []
    return [f"{name}: {done} statements were changed where {broken} were broken; look at it"]


def _key(task: Task) -> Key:
    try:
        content = (task.solution / "key.yaml").read_bytes()
        data, lines = read_yaml(content, "key.yaml")
        return validate(Key, data, lines, "key.yaml")
    except OSError:
        raise GraderFault(f"{task.part.name} is marked where its key is; not here.") from None
    except UsageError as error:
        raise GraderFault(str(error)) from None


def _digest(files: Mapping[str, bytes]) -> str:
    whole = sha256()
    for path in sorted(files):
        whole.update(f"{path}\n{len(files[path])}\n".encode() + files[path])
    return whole.hexdigest()


def _hashes(bank: Bank) -> dict[str, str]:
    """sha256 of each base with all that belongs to it."""
    found = {}
    for base in bank.bases.values():
        paths = sorted(p for half in (base.folder, base.solution) for p in half.rglob("*.[py]*"))
        content = b"".join(path.read_bytes() for path in paths if path.suffix in (".py", ".yaml"))
        found[f"bank/{base.name}"] = sha256(content).hexdigest()
    return found
