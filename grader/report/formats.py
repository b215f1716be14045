"""The table of all formats that a report can be written in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from grader.report.canvas import as_canvas
from grader.report.classroom import as_classroom
from grader.report.csv import as_csv
from grader.report.exercism import as_exercism
from grader.report.github import as_annotations, as_summary
from grader.report.gradescope import as_gradescope
from grader.report.html import as_html
from grader.report.json import as_json
from grader.report.junit import as_junit
from grader.report.lti import as_lti
from grader.report.markdown import as_markdown
from grader.report.moodle import as_moodle
from grader.report.nbgrader import as_nbgrader


class Format(NamedTuple):
    """One way to write verdicts down."""

    write: Callable[..., str]
    """Takes verdicts, in any order, and gives the whole file; the same verdicts, the same text."""
    file: str
    """Its usual name."""
    of: Literal["learner", "class", "gradebook"]
    """Whose verdicts its reader expects in one file; a gradebook also takes a roster."""


FORMATS = {
    "html": Format(as_html, "report.html", "learner"),
    "json": Format(as_json, "report.json", "class"),
    "junit": Format(as_junit, "junit.xml", "class"),
    "markdown": Format(as_markdown, "report.md", "learner"),
    "github": Format(as_summary, "summary.md", "learner"),
    "annotations": Format(as_annotations, "annotations.txt", "learner"),
    "gradescope": Format(as_gradescope, "results.json", "learner"),
    "classroom": Format(as_classroom, "classroom.json", "learner"),
    "exercism": Format(as_exercism, "results.json", "learner"),
    "canvas": Format(as_canvas, "canvas.csv", "gradebook"),
    "moodle": Format(as_moodle, "moodle.csv", "gradebook"),
    "nbgrader": Format(as_nbgrader, "grades.csv", "gradebook"),
    "lti": Format(as_lti, "scores.jsonl", "gradebook"),
    "csv": Format(as_csv, "report.csv", "class"),
}
SUFFIXES = {
    ".html": "html",
    ".json": "json",
    ".xml": "junit",
    ".md": "markdown",
    ".csv": "csv",
}
"""What a file name alone says."""
