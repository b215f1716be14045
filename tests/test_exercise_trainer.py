"""Where a task says that something else passes too, it does: the Trainer of Hugging Face."""

from __future__ import annotations

from pathlib import Path

from grader import catalogue, engine

ROOT = Path(__file__).parent.parent
EXERCISE = catalogue.find(catalogue.load(ROOT), "finetune_text")


def test_the_trainer_passes_where_a_loop_of_ones_own_is_asked_for(isolation):
    trainer = catalogue.read_submission(EXERCISE.solution / "with_trainer.py")
    verdict = engine.grade(EXERCISE, trainer, isolation, seed=1, naming=False)
    wrong = [each for each in verdict.outcomes if each.required and each.status != "passed"]
    assert verdict.passed and not wrong
