"""Commands about a class, typed in this process; the slots are tests/fake_slot.py."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from conftest import COURSE

from grader import cli, engine
from grader.bulk import supervisor
from grader.bulk.results import Results

FAKE = str(Path(__file__).parent / "fake_slot.py")


def at_home(folder, monkeypatch):
    """In a folder, with the tests' own course; the slots note in `log` what they grade."""
    monkeypatch.setenv("GRADER_COURSE", str(COURSE))
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(folder)
    rest_on(monkeypatch, {"checks.py": "1"})


def typed(monkeypatch, capsys):
    """grade(words, code=0, start=""): what was printed begins so; in trouble, on stderr.

    What stands on stderr is `grade.err` afterwards.
    """

    def run(*words, code=0, start=""):
        monkeypatch.setattr(sys, "argv", ["grade", *words])
        ended = 0
        try:
            cli.main()
        except SystemExit as end:
            ended = end.code
        done = capsys.readouterr()
        assert ended == code, done
        said = done.err if code > 1 else done.out
        assert said.startswith(start) or f"\n{start}" in said, done
        assert "Traceback" not in done.err
        assert not re.search(r"(?<![\w.])/(tmp|work|home|root)\b", done.err), done.err
        run.err = done.err
        return done.out

    return run


def rest_on(monkeypatch, hashes):
    """What the verdicts rest on, from now on."""
    log = str(Path("log").resolve())  # a worker of a cluster has another folder
    fake = [sys.executable, "-S", FAKE, log, json.dumps(hashes)]
    monkeypatch.setattr(supervisor, "command", lambda *_: fake)
    monkeypatch.setattr(engine, "hashes", lambda _: hashes)


def hand_in(*learners, text="pass"):
    for learner in learners:
        Path("class", learner).mkdir(parents=True)
        Path("class", learner, "softmax.py").write_text(text)


def graded():
    """Whom the slots graded, in their order."""
    if not Path("log").exists():
        return []
    rows = [line.split(maxsplit=1)[1] for line in Path("log").read_text().splitlines()]
    return [row.rpartition(" ")[0] for row in rows if row != "start"]


def recorded(folder="class-results"):
    return sorted(row.learner for row in Results(Path(folder)).ledger.attempts())


DRIVER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in background
from grader import engine
from grader.bulk import supervisor
from grader.cli import main
fake = [sys.executable, "-S", sys.argv.pop(1), "log", "{}"]
supervisor.command = lambda *_: fake
engine.hashes = lambda _: {}
main()
"""
