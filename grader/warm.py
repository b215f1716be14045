"""Boxes that stay warm for one exercise after another: to start one costs an import of torch."""

from __future__ import annotations

from pathlib import Path

from grader import pretrained
from grader.box import Box
from grader.model import Exercise, Isolation, Level

TRAINING = ("torch._dynamo",)
"""The first optimizer.step() would import it otherwise, for two seconds."""
PRELOADS = {
    "transformers": (
        "transformers.models.gpt2.modeling_gpt2",
        "transformers.models.bert.modeling_bert",
        "transformers.models.auto.modeling_auto",
        "transformers.models.auto.tokenization_auto",
        "transformers.generation.utils",
    )
}
"""What takes seconds to import, and can be imported before a fork: no tensor is made by it."""
KEPT = 4
"""Boxes that wait at the same time; each has torch in memory."""


def box_of(exercise: Exercise, isolation: Isolation) -> Box:
    """A box with the limits of an exercise; not started yet."""
    slow = tuple(name for each in exercise.rules.imports for name in PRELOADS.get(each, ()))
    known = pretrained.MODELS
    models: dict[str, Path] = {
        each: known[each]().folder for each in exercise.needs if each in known
    }
    preloads = TRAINING * exercise.trains + slow
    return Box(isolation, exercise.limits, preloads=preloads, models=models)


class Warm:
    """The boxes of one run of the grader; exercises that need the same share one.

    Use it as a context manager. Below the strict level a submission can reach its zygote, so each
    has a box of its own there.
    """

    def __init__(self, isolation: Isolation) -> None:
        self.isolation = isolation
        self._boxes: dict[tuple[object, ...], Box] = {}

    def __enter__(self) -> Warm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def box(self, exercise: Exercise) -> Box | None:
        """A started box with the limits of this exercise; none if it must have its own, or none."""
        if not exercise.is_run or self.isolation.level is not Level.STRICT:
            return None
        new = box_of(exercise, self.isolation)
        box = self._boxes.pop(new.needs, None)
        if box is None:
            while len(self._boxes) >= KEPT:
                self._boxes.pop(next(iter(self._boxes))).__exit__()
            box = new.__enter__()
        box.limits = exercise.limits
        self._boxes[box.needs] = box
        return box

    def close(self) -> None:
        """End all boxes; whoever grades next has another one."""
        while self._boxes:
            self._boxes.popitem()[1].__exit__()
