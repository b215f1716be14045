"""Whose fault an exception of a check is: the submission's, or ours. And the sentence for it."""

from __future__ import annotations

import signal

from hypothesis.errors import FlakyFailure

from grader.box import Facts
from grader.model import Limits, Status, UsageError
from grader.proxy import SubmissionEnded, SubmissionError

LONGEST = 500
"""Characters of the submission's own message."""
CRASHES: dict[int, str] = {
    signal.SIGSEGV: "crashed (segmentation fault)",
    signal.SIGABRT: "aborted",
    signal.SIGBUS: "crashed (bus error)",
    signal.SIGILL: "crashed (illegal instruction)",
    signal.SIGFPE: "crashed (floating point exception)",
}


def judge(error: BaseException | None, facts: Facts | None, limits: Limits) -> tuple[Status, str]:
    """Whose fault it was, and one sentence.

    Args: facts, of the last process that the check used, once it has ended.
    """
    if error is None:
        return Status.PASSED, ""
    if isinstance(error, SubmissionEnded):
        return _ended(error, facts, limits)
    if isinstance(error, SubmissionError):
        return _raised(error, limits)
    if isinstance(error, UsageError):
        return Status.ERROR, str(error)
    if isinstance(error, AssertionError):
        text = str(error).strip().splitlines()
        return Status.FAILED, text[0] if text else "the claim does not hold"
    if isinstance(error, FlakyFailure):
        return Status.FAILED, "the same input gave different answers on two calls"
    detail = (str(error).splitlines() or [""])[0]
    return Status.GRADER_FAULT, f"{type(error).__name__}: {detail}"


def _ended(error: SubmissionEnded, facts: Facts | None, limits: Limits) -> tuple[Status, str]:
    if facts and (facts.over_memory or _gave_up_for_memory(facts)):
        return Status.MEMORY, f"killed: needed more than {limits.memory_mb:,} MB"
    if facts and (facts.signal == signal.SIGXCPU or facts.cpu_s >= limits.cpu_s):
        return Status.TIMEOUT, f"stopped: used more than {limits.cpu_s:g} CPU seconds"
    if error.timeout:
        return Status.TIMEOUT, f"stopped after {limits.wall_s:g} s without an answer"
    return Status.KILLED, f"{error.call} gave no answer: the process {_end(error, facts)}"


def _gave_up_for_memory(facts: Facts) -> bool:
    """C++ code that gets no memory says so and aborts."""
    return facts.signal == signal.SIGABRT and "bad_alloc" in facts.printed


def _end(error: SubmissionEnded, facts: Facts | None) -> str:
    if facts is None or not facts.signal:
        return f"ended itself (exit code {facts.exit if facts else 0})"
    if facts.signal == signal.SIGKILL:
        return f"was killed or meddled with its connection ({error.reason})"
    return CRASHES.get(facts.signal, f"died of signal {facts.signal}")


def _raised(error: SubmissionError, limits: Limits) -> tuple[Status, str]:
    if error.memory:
        return (
            Status.MEMORY,
            f"{error.call} ran out of memory: the limit is {limits.memory_mb:,} MB",
        )
    if error.kind == "NotImplementedError":
        return Status.ERROR, f"not written yet: {_one_line(error.message or error.call)}"
    where = f" (line {error.line})" if error.line else ""
    return Status.ERROR, f"{_one_line(str(error))}{where}"


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else words[:LONGEST] + "..."
