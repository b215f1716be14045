"""model -> text, HTML, and what others read: a report is a view of verdicts, it changes nothing."""

from grader.report.formats import FORMATS, SUFFIXES, Format
from grader.report.github import as_annotations
from grader.report.html import as_html, render
from grader.report.json import as_json, schema
from grader.report.text import as_text, on_screen, print_summary, print_verdict, summary

__all__ = [
    "FORMATS",
    "SUFFIXES",
    "Format",
    "as_annotations",
    "as_html",
    "as_json",
    "as_text",
    "on_screen",
    "print_summary",
    "print_verdict",
    "render",
    "schema",
    "summary",
]
