"""One way to break a script: exact edits, the symptom that everybody can see, the true causes."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, model_validator

from grader.edits import Edit
from grader.model import Frozen, GraderFault

Family = Literal["nan", "flat", "good", "oom", "shape"]
FAMILIES: tuple[Family, ...] = ("nan", "flat", "good", "oom", "shape")
OUT_OF_MEMORY = "OutOfMemoryError"


class Symptom(Frozen):
    """What everybody can see in a broken script's log: all of these that are given."""

    nan_by: int | None = None
    """Step by which the loss is no finite number any more."""
    oom_by: int | None = None
    """Step by which the device is out of memory."""
    raises: str = ""
    """The exception that ends the run before a first loss."""
    loss_above: float | None = None
    """The mean of the last ten losses is still above this."""
    loss_below: float | None = None
    """The same is below what any honest model can reach."""
    accuracy_below: float | None = None
    """The script's own last validation accuracy."""
    without_gradient: int | None = None
    """Parameters that get no gradient, at least so many."""

    def shown(self, rows: Sequence[Mapping[str, Any]], crash: str) -> bool:
        """Whether a run shows all of it. Args: crash, the exception that ended the run."""
        losses = [row["loss"] for row in rows if "loss" in row]
        finite = [loss for loss in losses if abs(loss) < float("inf")]
        end = sum(finite[-10:]) / len(finite[-10:]) if finite else float("nan")
        broken_off = len(finite) < len(losses)
        accuracy = [row["val_accuracy"] for row in rows if "val_accuracy" in row][-1:] or [1.0]
        idle = max((row.get("without_gradient", 0) for row in rows), default=0)
        signs = (
            self.nan_by is None or (broken_off and len(finite) <= self.nan_by),
            self.oom_by is None or (crash == OUT_OF_MEMORY and len(losses) <= self.oom_by),
            not self.raises or (crash == self.raises and not losses),
            self.loss_above is None or end > self.loss_above,
            self.loss_below is None or end < self.loss_below,
            self.accuracy_below is None or accuracy[0] < self.accuracy_below,
            self.without_gradient is None or idle >= self.without_gradient,
        )
        return all(signs)


class Injection(Frozen):
    """One way to break one base."""

    slug: str
    base: str
    family: Family
    symptom: Symptom
    accept: dict[str, int] = Field(min_length=1)
    """Points, 1 to 3, that naming a cause is worth; the true one 3."""
    course: bool = False
    """Whether an exercise of the course uses it; then no exam does."""
    fix: str
    """What puts it right, in one sentence."""
    setting: tuple[Edit, ...] = ()
    """Done to the clean script first; no part of what is wrong."""
    edits: tuple[Edit, ...] = Field(min_length=1)
    tricks: tuple[str, ...] = ()
    """Names of `tricks.yaml`, which must be refused here."""
    gamed: dict[str, tuple[Edit, ...]] = Field({})
    """Other fixes that must be refused, done to the broken script."""
    accepted: dict[str, tuple[Edit, ...]] = Field({})
    """Other right fixes, done to the broken script."""

    @model_validator(mode="after")
    def _consistent(self) -> Injection:
        if max(self.accept.values()) != 3 or min(self.accept.values()) < 1:
            raise ValueError("accept: the true cause is worth 3, others 1 to 3")
        if self.symptom == Symptom():
            raise ValueError("symptom: name one")
        return self


class Variants(Frozen):
    """What differs between two candidates with the same item; line numbers stay."""

    rename: dict[str, tuple[str, ...]] = Field({})
    """Other words for a word of the script, none of which it has already."""
    swap: tuple[Edit, ...] = ()


def vary(text: str, variants: Variants, seed: int) -> str:
    """Other names and phrases, drawn by a seed. Raises: GraderFault where a name is taken."""
    chance = random.Random(f"variants|{seed}")
    for edit in variants.swap:
        if edit.old.count("\n") != edit.new.count("\n"):
            raise GraderFault(f"the swap of {edit.old!r} changes the number of lines.")
        text = text.replace(edit.old, edit.new) if chance.random() < 0.5 else text
    for word, others in variants.rename.items():
        name = chance.choice((word, *others))
        if name != word and re.search(rf"\b{name}\b", text):
            raise GraderFault(f"the script has a name `{name}` already; rename `{word}` otherwise.")
        text = re.sub(rf"\b{word}\b", name, text)
    return text
