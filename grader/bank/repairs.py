"""An exercise that is a folder of broken scripts, drawn from the bank once and for all.

solutions/<unit>/<slug>/items.yaml     the seed, and for each item its injection and the right words
exercises/<unit>/<slug>/stub/          made of it by `tools/repairs.py`:
    item1.py item1.jsonl ..            broken scripts and their run logs
    causes.md  diagnosis.yaml          the closed list; what the learner fills in
solutions/<unit>/<slug>/reference/     item1.py .., diagnosis.yaml: made of it as well
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cached_property, partial
from inspect import signature
from math import isfinite
from pathlib import Path
from typing import Any

from pydantic import Field

from grader.bank import item as items
from grader.bank import sheet as sheets
from grader.bank import trial
from grader.bank.bank import Bank, Base, read
from grader.bank.injection import Injection
from grader.bank.sheet import Answer
from grader.box import Box
from grader.folder import Folder
from grader.model import Frozen
from grader.oracle import Mismatch
from grader.personal import inside
from grader.proxy import SubmissionError

NAME = "diagnosis.yaml"
TRAININGS = 2
"""Of each repaired script, on data that it never saw."""
ROOM = 8
"""Statements that a repair may change beyond those that were broken."""
WORDS = ("symptom", "first_check", "fix", "result")
"""Fields of an item that are text."""
Fresh = Callable[..., AbstractContextManager[Any]]


class Words(Frozen):
    """One item of `items.yaml`."""

    injection: str
    symptom: str
    step: int
    """Of the log, where the symptom shows."""
    first_check: str
    result: str


class Items(Frozen):
    """`items.yaml`."""

    seed: int
    """Other names, sizes and data for another one."""
    items: dict[str, Words] = Field(min_length=1)


class Repairs:
    """One such exercise. Args: its private half."""

    def __init__(self, solution: Path) -> None:
        root = solution.parents[2]
        self.file = read(Items, solution / "items.yaml")
        self.bank = Bank(root / "exams" / "bank", root / "solutions" / "exams" / "bank")
        every = {each.slug: each for each in self.bank.injections}
        self.injections = {name: every[said.injection] for name, said in self.file.items.items()}

    def of(self, item: str) -> tuple[Base, Injection, int]:
        """Base, injection and own seed of an item."""
        injection = self.injections[item]
        return self.bank.bases[injection.base], injection, items.seed_of(self.file.seed, item)

    def given(self, item: str) -> str:
        """The broken script."""
        base, injection, own = self.of(item)
        return base.broken(injection, own)

    def repaired(self, item: str) -> str:
        """The script as it should be."""
        base, injection, own = self.of(item)
        return base.repaired(injection, own)

    def stub(self, box: Box) -> Iterator[tuple[str, bytes]]:
        """Paths and contents of what a learner gets; each script is trained once for its log."""
        blank = {
            "symptom": "", "first_check": "", "causes": [], "evidence": {"step": None, "lines": []},
            "fix": "", "result": "",
        }  # fmt: skip
        yield NAME, _written(dict.fromkeys(self.injections, blank))
        yield "causes.md", self.bank.page.encode()
        for item in self.injections:
            base, _, own = self.of(item)
            text = self.given(item)
            yield f"{item}.py", text.encode()
            yield f"{item}.jsonl", items.log(base, f"{item}.py", text, own, box)

    def reference(self) -> Iterator[tuple[str, bytes]]:
        """Paths and contents of the right answer."""
        sheet = {}
        for item, injection in self.injections.items():
            said, lines = self.file.items[item], sorted(self.of(item)[0].hunk(injection))
            sheet[item] = {
                "symptom": said.symptom,
                "first_check": said.first_check,
                "causes": sorted(injection.accept, key=lambda id: -injection.accept[id]),
                "evidence": {"step": said.step, "lines": [lines[0]]},
                "fix": injection.fix,
                "result": said.result,
            }
            yield f"{item}.py", self.repaired(item).encode()
        yield NAME, _written(sheet)

    # What a check claims. Each raises Mismatch, or what the box says.

    def check_repair(self, item: str, folder: Folder, fresh: Fresh, seed: int, record: Any) -> None:
        """All probes of the base hold, on every training; nothing else was changed much."""
        base, _, own = self.of(item)
        text, given = folder.text(f"{item}.py"), self.given(item)
        if text.strip() == given.strip():
            raise Mismatch(f"{item}.py is as it was given")
        most = items.changed(self.repaired(item), given) + ROOM
        if (count := items.changed(given, text)) > most:
            raise Mismatch(f"{item}.py: {count} statements were changed, at most {most} are needed")
        opened = partial(fresh, base.file.limits, file=f"{item}.py")
        for number in range(TRAININGS):
            own_data = TRAININGS * seed + number
            done = trial.run(opened, base, base.measure, item=own, number=own_data)
            lent = {"trial": done, "record": record}
            for probe in base.probes:
                wanted = signature(probe).parameters
                probe(**{name: each for name, each in lent.items() if name in wanted})

    def check_cause(self, item: str, folder: Folder) -> None:
        """The cause that is named first is the true one."""
        first = self._answer(item, folder).causes[:1]
        if not any(self.injections[item].accept.get(each) == sheets.RANKS for each in first):
            named = (
                f"{first[0]} is not" if first else "you named none that is in causes.md, so none is"
            )
            raise Mismatch(f"{item}: {named} what is wrong here")

    def check_evidence(self, item: str, folder: Folder) -> None:
        """A line that is named is where the fault is in the script as it was given."""
        base, injection, _ = self.of(item)
        answer = self._answer(item, folder)
        if not sheets.is_near(answer, base.hunk(injection)):
            lines = f"lines {list(answer.lines)} are not" if answer.lines else "you named no lines"
            raise Mismatch(f"{item}: {lines} where the fault is in the script that you got")

    def check_words(self, folder: Folder) -> None:
        """Every field of every item says something."""
        data = folder.data(NAME)
        for item in self.injections:
            said = data.get(item) if isinstance(data, dict) else None
            for field in WORDS:
                text = said.get(field) if isinstance(said, dict) else None
                if not isinstance(text, str) or len(text.split()) < 3:
                    raise Mismatch(f"{NAME}: {field} of {item} is not filled; write a sentence")

    def _answer(self, item: str, folder: Folder) -> Answer:
        content = folder.content(NAME) if NAME in folder else None
        found = sheets.read(content, [*self.injections], self.bank.causes, NAME)
        return found.items.get(item, Answer())


class Scripts:
    """The public half: enough to train a script again, and to say whether a sheet can be read."""

    def __init__(self, folder: Path) -> None:
        root = folder.parents[2]
        self.stub = folder / "stub"
        self.bank = Bank(root / "exams" / "bank", Path())

    @cached_property
    def names(self) -> list[str]:
        return sorted(path.stem for path in self.stub.glob("*.jsonl"))

    def check_sheet(self, folder: Folder) -> None:
        """diagnosis.yaml can be read, and its ids are those of causes.md."""
        content = folder.content(NAME)
        found = sheets.read(content, self.names, self.bank.causes, NAME)
        if found.problems:
            raise Mismatch(found.problems[0].rstrip("."), next_step="\n".join(found.problems[1:4]))

    def check_training(self, item: str, fresh: Fresh, record: Any) -> None:
        """It trains to its end on the data of its log, with finite losses."""
        header = json.loads((self.stub / f"{item}.jsonl").read_text("utf-8").partition("\n")[0])
        base = self.bank.bases[header["base"]]
        given, _ = base.data(header["seed"])
        losses: list[float] = []
        try:
            with fresh(base.file.limits, file=f"{item}.py") as script:
                for seen in trial.follow(script, given, inside(header["seed"])):
                    losses += [seen.row["loss"]] if "loss" in seen.row else []
                    if not all(map(isfinite, losses[-1:])):
                        step = len(losses) - 1
                        raise Mismatch(f"{item}: the loss is {losses[-1]:g} at step {step}")
        except SubmissionError as error:
            at = f" (line {error.line})" if error.line else ""
            raise Mismatch(
                f"{item}: {error.kind} after {len(losses)} steps: {error.message}{at}"
            ) from None
        finally:
            points = tuple((step, each) for step, each in enumerate(losses) if isfinite(each))
            title = f"{item}, on the data of its log"
            record.curve(title=title, x_label="step", y_label="loss", series={"loss": points})
        if len(losses) < base.file.steps:
            raise Mismatch(f"{item}: {len(losses)} losses, the design has {base.file.steps} steps")


def _written(sheet: dict[str, Any]) -> bytes:
    """YAML as JSON writes its values: every text in quotes, every item six lines."""
    lines = [
        "# Your diagnosis, six fields for each item; see README.md. The ids are those of causes.md."
    ]
    for item, fields in sheet.items():
        lines += [f"{item}:", *(f"  {key}: {_value(each)}" for key, each in fields.items())]
    return ("\n".join(lines) + "\n").encode()


def _value(each: Any) -> str:
    if isinstance(each, dict):
        return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in each.items()) + "}"
    if isinstance(each, list):
        return f"[{', '.join(map(str, each))}]"
    return "" if each is None else json.dumps(each, ensure_ascii=False)
