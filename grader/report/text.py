"""Verdicts for the terminal: 80 columns, no boxes, words before colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import StringIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from grader.model import Outcome, Status, Verdict
from grader.report import wording
from grader.report.plain import plain
from grader.report.sides import BAD, COLUMNS, QUIET, counterexample

DETAILED = 3
"""Failures that are explained in full; the others are one line each."""
PRINTED_LINES = 10

GOOD, ODD = "green", "yellow"
STYLES = {
    Status.PASSED: GOOD,
    Status.SKIPPED: QUIET,
    Status.NOT_APPLICABLE: QUIET,
    Status.SELF_ASSESSED: ODD,
    Status.NOT_YET: QUIET,
    Status.GRADER_FAULT: ODD,
}
HEADLINES = {"PASSED": GOOD, "NOT PASSED": BAD, "GRADER FAULT": ODD, "EXAMPLES HOLD": ODD}


def print_verdict(verdict: Verdict, console: Console, *, verbose: bool = False) -> None:
    """Print one verdict, in ASCII where the console cannot write UTF-8."""
    _print(as_text(verdict, verbose=verbose, encoding=console.encoding), console)


def print_summary(verdicts: Iterable[Verdict], console: Console) -> None:
    """Print the table of many verdicts, in ASCII where the console cannot write UTF-8."""
    _print(summary(verdicts, encoding=console.encoding), console)


def on_screen(
    verdict: Verdict, console: Console, rows: int | None, *, brief: bool = False
) -> RenderableType:
    """One verdict in at most `rows` rows: less of what passed, then only its beginning."""
    whole = as_text(verdict, encoding=console.encoding, brief=brief)
    options = console.options.update(width=min(COLUMNS, console.width))
    if rows is None or len(console.render_lines(whole, options)) <= rows:
        return whole
    short = as_text(verdict, encoding=console.encoding, brief=True)
    lines = console.render_lines(short, options, pad=False)
    if len(lines) <= rows:
        return short
    kept = [_as_text(line) for line in lines[: max(rows - 1, 1)]]
    return Group(*kept, Text("... (more does not fit)", QUIET))


def _as_text(segments: Iterable[Segment]) -> Text:
    return Text.assemble(*((each.text, each.style or "") for each in segments), no_wrap=True)


def as_text(
    verdict: Verdict, *, verbose: bool = False, brief: bool = False, encoding: str = "utf-8"
) -> RenderableType:
    """One verdict in full.

    Args:
        verbose   explain every failure, cut nothing, and say what each check took
        brief     explain the first failure, and count what passed
        encoding  of the terminal; marks are ASCII unless it is a form of UTF
    """
    verdict = plain(verdict, encoding)
    failures = wording.failures(verdict)
    explained = failures if verbose else failures[: 1 if brief else DETAILED]
    claims = _rows()
    passed = [each for each in verdict.outcomes if each.status is Status.PASSED]
    if brief and len(passed) > 1:
        claims.add_row(*_mark(Status.PASSED, encoding), f"{len(passed)} claims hold")
    for outcome in (each for each in verdict.outcomes if each.judged):
        if brief and len(passed) > 1 and outcome.status is Status.PASSED:
            continue
        detail = _detail(outcome, verdict, verbose) if outcome in explained else ()
        claims.add_row(
            *_mark(outcome.status, encoding),
            Group(*_claim(outcome), *detail, *_used(outcome, verbose)),
        )
        if outcome in explained and outcome is not verdict.outcomes[-1]:
            claims.add_row()
    return Group(
        *_title(verdict),
        claims,
        *_answered(verdict, brief, encoding),
        Text(),
        *_left_out(len(failures) - len(explained)),
        *_printed(verdict, verbose),
        _footer(verdict),
    )


def explained(outcome: Outcome, verdict: Verdict) -> str:
    """One check without its claim, in the words of `as_text`: no colours, no lines broken.

    Args: verdict, where the outcome is from; plain already.
    """
    fine = outcome.status in wording.FINE
    detail = () if fine else _detail(outcome, verdict, verbose=False)
    return _as_string(*list(_claim(outcome))[1:], *detail, *_used(outcome, verbose=False))


def overview(verdict: Verdict) -> str:
    """What `as_text` says besides the checks: result, remark, printed text, isolation, notes."""
    said = filter(None, (wording.line(verdict), verdict.title, wording.remark(verdict)))
    return _as_string(Text("\n".join(said)), *_printed(verdict, verbose=False), _footer(verdict))


def _as_string(*parts: RenderableType) -> str:
    file = StringIO()
    console = Console(file=file, width=10_000, color_system=None, force_terminal=False)
    console.print(Group(*parts), highlight=False)
    return "\n".join(each.rstrip() for each in file.getvalue().splitlines()).strip("\n")


def summary(verdicts: Iterable[Verdict], *, encoding: str = "utf-8") -> RenderableType:
    """Points by unit and in all; neighbours of the same unit stand together."""
    shown = [plain(verdict, encoding) for verdict in verdicts]
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "left", "right"):
        table.add_column(justify=justify, overflow="fold")
    for unit, members in wording.by_unit(shown).items():
        table.add_row(Text(unit, "bold"))
        for verdict in members:
            status = wording.headline(verdict)
            table.add_row(
                Text("  " + verdict.exercise), Text(status, HEADLINES[status]), _points([verdict])
            )
        table.add_row("", Text("unit", QUIET), _points(members))
    passed = sum(verdict.passed for verdict in shown)
    total = Text(f"{passed} of {len(shown)} passed", "bold")
    table.add_row(Text("total", "bold"), total, _points(shown))
    return table


def _print(report: RenderableType, console: Console) -> None:
    console.print(report, width=min(COLUMNS, console.width), highlight=False)


def _points(verdicts: Iterable[Verdict]) -> Text:
    got, possible = wording.totals(verdicts)
    return Text(f"{wording.points(got)} / {wording.points(possible)}")


def _rows() -> Table:
    """Mark, word, and everything else."""
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(width=3, justify="right")
    table.add_column(width=5)
    table.add_column(overflow="fold")
    return table


def _mark(status: Status, encoding: str) -> tuple[Text, Text]:
    utf = encoding.lower().startswith("utf")
    marks = {
        Status.PASSED: "✓" if utf else "+",
        Status.SKIPPED: "–" if utf else "-",
        Status.NOT_APPLICABLE: "–" if utf else "-",
        Status.SELF_ASSESSED: "?",
        Status.NOT_YET: "?",
        Status.GRADER_FAULT: "!",
    }
    style = STYLES.get(status, BAD)
    mark = marks.get(status, "✗" if utf else "x")
    return Text(mark, style), Text(wording.WORDS[status], style)


def _answered(verdict: Verdict, brief: bool, encoding: str) -> Iterator[RenderableType]:
    """What the learner answers about the own work, apart from what the grader found."""
    asked = [each for each in verdict.outcomes if not each.judged]
    if not asked:
        return
    yield Text(f"\nSelf-assessed: {wording.CONFIRMED}", "bold")
    rows = _rows()
    for each in asked[: 0 if brief else None]:
        rows.add_row(*_mark(each.status, encoding), Group(*_claim(each)))
    if brief:
        yes = sum(each.status is Status.SELF_ASSESSED for each in asked)
        rows.add_row(*_mark(asked[0].status, encoding), f"{yes} of {len(asked)} answered yes")
    yield rows


def _title(verdict: Verdict) -> Iterator[RenderableType]:
    status = wording.headline(verdict)
    score = f", {wording.points(verdict.score)} of {verdict.points} points"
    yield Text.assemble((verdict.exercise, "bold"), ": ", (status, HEADLINES[status]), score)
    yield Text(verdict.title, QUIET)
    if remark := wording.remark(verdict):
        yield Text(remark, ODD)
    yield Text()


def _claim(outcome: Outcome) -> Iterator[RenderableType]:
    merit = (" (merit: not needed to pass)", QUIET) if outcome.merit else ""
    yield Text.assemble(outcome.claim, merit)
    for measure in outcome.measures:
        yield Text(wording.measured(measure), QUIET if wording.meets(measure) else "")
    if outcome.status in wording.FINE and outcome.message:
        yield Text(wording.shorten(outcome.message), QUIET)


def _detail(outcome: Outcome, verdict: Verdict, verbose: bool) -> Iterator[RenderableType]:
    """Why it failed: message, place, counterexample, mistakes, next step."""
    if outcome.message:
        yield Text(outcome.message if verbose else wording.shorten(outcome.message))
    if place := wording.where(outcome, verdict):
        yield Text(place)
    if outcome.counterexample:
        yield from counterexample(outcome.counterexample)
    if outcome.mistakes:
        yield Text(wording.looks_like(outcome), "bold")
        yield from (Padding(Text("- " + each), (0, 0, 0, 2)) for each in outcome.mistakes)
    if outcome.next_step:
        yield Text.assemble(("Next: ", "bold"), outcome.next_step)


def _used(outcome: Outcome, verbose: bool) -> Iterator[Text]:
    """What it took, for who wants to know and for who hit a limit."""
    if (verbose or wording.hit_a_limit(outcome)) and (used := wording.used(outcome)):
        yield Text(f"took {used}", QUIET)


def _left_out(count: int) -> Iterator[Text]:
    if count > 0:
        yield Text(f"{count} more not explained here: grade with -v to see all.\n", QUIET)


def _printed(verdict: Verdict, verbose: bool) -> Iterator[RenderableType]:
    """The first lines that the submission printed, marked so that they cannot pass for ours."""
    if text := wording.printed(verdict):
        lines = text.split("\n")
        shown = lines if verbose else lines[:PRINTED_LINES]
        count = f"first {len(shown)} of {len(lines)} lines" if len(shown) < len(lines) else "all"
        yield Text(f"Printed by your code ({count})", "bold")
        yield from (Text(f"  | {line if verbose else line[:200]}", QUIET) for line in shown)
        yield Text()


def _footer(verdict: Verdict) -> Text:
    detail = f" ({verdict.isolation.detail})" if verdict.isolation.detail else ""
    level = f"Isolation: {verdict.isolation.level}{detail}."
    return Text(
        " ".join(
            (
                level,
                *(f"{each.rstrip('.')}." for each in verdict.notes),
                f"{wording.seconds(verdict.seconds)}.",
            )
        ),
        QUIET,
    )
