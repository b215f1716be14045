"""Predicted answers: what every exercise with items asks of a file, whatever its questions are.

A question has `read(answer)`, which gives the answer as a value, None or a field of None where it
was left blank, and raises ValueError with what to write instead.
"""

from __future__ import annotations

from typing import Any

from grader.oracle.values import Mismatch


def assert_every_item(submission: Any, questions: dict[str, Any]) -> None:
    """Raise a Mismatch unless the file has exactly the items that are asked."""
    missing, others = set(questions) - set(submission), set(submission) - set(questions)
    if missing:
        raise Mismatch(f"{min(missing)} is missing; copy its line from the stub")
    if others:
        raise Mismatch(f"{min(map(str, others))} is no item; keep the names of the stub")


def assert_legal_answers(submission: Any, questions: dict[str, Any]) -> None:
    """Raise a Mismatch at the first answer that cannot be read; a blank one can."""
    for item in questions:
        legal(submission, questions, item)


def legal(submission: Any, questions: dict[str, Any], item: str) -> Any:
    """The answer to an item as a value, blank or not. Raises: Mismatch with its line."""
    try:
        return questions[item].read(submission[item])
    except ValueError as problem:
        raise refused(submission, item, f"{item}: {problem}") from None


def answered(submission: Any, questions: dict[str, Any], item: str) -> Any:
    """The same, where blank is not enough."""
    mine = legal(submission, questions, item)
    fields = mine.items() if isinstance(mine, dict) else [(item, mine)]
    if blank := [name for name, value in fields if value is None]:
        raise refused(submission, item, f"{' and '.join(blank)} left blank")
    return mine


def refused(submission: Any, item: str, message: str, next_step: str = "") -> Mismatch:
    """A Mismatch that knows the line of its item."""
    error = Mismatch(message, next_step=next_step)
    error.line = submission.line(item)
    return error
