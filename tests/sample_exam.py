"""The exam of the tests' own course: two parts, papers that are the public half and a number."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

from conftest import COURSE

from grader import cli
from grader.exam import papers, place
from grader.exam.ticket import Ticket
from grader.sitting import exam as definition
from grader.sitting.chain import unpack
from grader.sitting.exam import Accommodation

EXAM = COURSE / "exams/short"
KEY = bytes(range(32))
SECRET = "four words at random"
STAFF = {"by": "Dr Hill", "reason": "fire alarm"}


def paper(task, seed):
    """The public half as it is, and the candidate's own number."""
    found = {path.name: path.read_bytes() for path in sorted(task.folder.iterdir())}
    return {**found, f"{task.part.name}-number.txt": f"{seed}\n".encode()}


def fake_forms(monkeypatch):
    """Papers without the forms of real parts, which have tests of their own."""
    monkeypatch.setattr(papers, "form", lambda task: SimpleNamespace(paper=paper))


def ticket(learner="ada", **changes):
    """A ticket as a class would make it."""
    exam = definition.load(EXAM)
    tasks = {part.name: SimpleNamespace(part=part, folder=EXAM / part.name) for part in exam.parts}
    given = {
        "definition": (EXAM / "exam.yaml").read_bytes(),
        "sha256": exam.sha256,
        "learner": learner,
        "level": "own",
        "number": "n1",
        "seed": 7,
        "accommodation": Accommodation(),
        "key": KEY,
        "papers": {name: paper(task, 7) for name, task in tasks.items()},
    }
    return Ticket(**{**given, **changes})


def sat(folder: Path, clock, *, part: str = "build", **changes):
    """A place with a part open, and its sitting."""
    found = place.start(ticket(**changes), folder, clock)
    sitting = found.sitting(clock)
    if part:
        sitting.open(part)
        found.lay_out(found.paper(part))
    return found, sitting


def bodies(sitting, kind):
    """The events of one kind, newest last."""
    return [e for e, _ in (unpack(row.body) for row in sitting.log.rows()) if e.kind == kind]


class Done(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


def typed_in(monkeypatch, capsys):
    """A function that runs `grade exam ...` in this process, with what is typed on stdin."""

    def run(words, typed=""):
        words = words.split() if isinstance(words, str) else [str(each) for each in words]
        monkeypatch.setattr(sys, "argv", ["grade", "exam", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        try:
            cli.main()
        except SystemExit as end:
            return Done(end.code or 0, *capsys.readouterr())
        return Done(0, *capsys.readouterr())

    return run


def refuses(done, *words, code=4, start="Refused: "):
    """One sentence on stderr that holds the words; no traceback, no path of this machine."""
    assert done.code == code and done.err.startswith(start), done
    assert len(done.err.splitlines()) == 1 and "Traceback" not in done.err
    assert not re.search(r"(?<![\w.])/(tmp|work|home|root)\b", done.err), done.err
    for word in words:
        assert word in done.err, done.err
    return True
