"""model -> text, HTML, JSON: every report is a view of verdicts and changes nothing."""

from grader.report.html import as_html, render
from grader.report.json import as_json, schema
from grader.report.text import as_text, on_screen, print_summary, print_verdict, summary

__all__ = [
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
