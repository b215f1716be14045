"""Logs of runs, as `RunLogger` of the exercise on evidence writes them: one JSON object a line.

    {"event": "start", "run": "a", "config": {...}, "config_hash": "9f86d081884c", "seed": 1, ...}
    {"step": 0, "loss": 2.302}
    {"event": "resume", ...}         zero or more
    {"event": "finish", "status": "done" or "failed", "error": "..."}

Numbers that are not finite stand as "nan", "inf", "-inf". A last line that was cut is passed over.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from grader.oracle.values import Mismatch

SPECIAL = ("nan", "inf", "-inf")


@dataclass
class RunLog:
    """One run."""

    run: str
    start: dict[str, Any]
    records: list[dict[str, float]] = field(default_factory=list)
    """In order: `step` and the metrics of that step."""
    status: str = "running"
    error: str = ""

    def series(self, metric: str) -> list[tuple[float, float]]:
        """(step, value) of every record that has the metric."""
        return [(each["step"], each[metric]) for each in self.records if metric in each]

    def last(self, metric: str, what: str) -> float:
        """The last value of a metric. Raises: Mismatch where there is none."""
        if found := self.series(metric):
            return found[-1][1]
        raise Mismatch(f"{what}: the run {self.run} logs no `{metric}`")

    def first_not_finite(self) -> int | None:
        """The step of the first record that holds nan or inf."""
        for each in self.records:
            if not all(map(math.isfinite, each.values())):
                return int(each["step"])
        return None


def config_hash(config: dict[str, Any]) -> str:
    """12 digits of the SHA-256 of a config as JSON with sorted keys and no spaces."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:12]


def read_run(text: str, name: str) -> RunLog:
    """A log as it stands in a file. Raises: Mismatch with the line that is none of the format."""
    lines = text.split("\n")
    log: RunLog | None = None
    for n, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line, parse_constant=_refuse)
            if not isinstance(entry, dict):
                raise ValueError("no JSON object")
            log = _add(log, entry)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            if n == len(lines):  # no line end: the process was killed while it wrote
                break
            raise Mismatch(f"{name} line {n} is no line of a run log: {error}") from None
    if log is None:
        raise Mismatch(f"{name} holds no run; its first line has the event start")
    return log


def _add(log: RunLog | None, entry: dict[str, Any]) -> RunLog:
    event = entry.get("event")
    if log is None:
        if event != "start" or not isinstance(entry["config"], dict):
            raise ValueError("the first line has the event start and the config")
        return RunLog(str(entry["run"]), entry)
    if event == "finish":
        log.status, log.error = str(entry["status"]), str(entry.get("error", ""))
    elif event is None:
        if type(entry["step"]) is not int:
            raise ValueError("step is a whole number")
        log.records.append({key: _number(value) for key, value in entry.items()})
    elif event == "resume":
        log.status, log.error = "running", ""
    else:
        raise ValueError(f"the event {event!r} is unknown")
    return log


def _number(value: Any) -> float:
    if value in SPECIAL or (isinstance(value, int | float) and not isinstance(value, bool)):
        return float(value)
    raise ValueError(f"{str(value)[:40]!r} is no number")


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON; write it as text")


def runs_of(submission: Any) -> dict[str, RunLog]:
    """The runs of a folder by id, from runs/<run id>.jsonl. Raises: Mismatch at another id."""
    found = {}
    for name in submission.names:
        if name.startswith("runs/") and name.endswith(".jsonl"):
            log = read_run(submission.text(name), name)
            if name != f"runs/{log.run}.jsonl":
                raise Mismatch(f"{name} holds the run {log.run}; a file is named after its run")
            found[log.run] = log
    return found


def run_of(submission: Any, run: Any, where: str) -> RunLog:
    """The run that a text names. Raises: Mismatch where it does not lie in the folder."""
    found = runs_of(submission)
    if run not in found:
        known = ", ".join(sorted(found)) or "none"
        raise Mismatch(f"{where} names the run {run}; in runs/ there are: {known}")
    return found[run]
