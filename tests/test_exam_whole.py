"""Three whole sittings through the command line, with real keepers: honest, struck, forged."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sample_exam import EXAM, SECRET, bodies, fake_forms

from grader.exam import classroom, keeper
from grader.exam.place import Place
from grader.exam.ticket import seal
from grader.sitting import Log, chain

GRADE = str(Path(sys.prefix, "bin", "grade"))


class Desk:
    """A machine with ada's ticket, and the instructor's class beside it."""

    def __init__(self, folder):
        self.folder = folder
        self.place = Place(folder / "short-ada")
        (folder / "r.csv").write_text("learner\nada\n")
        self.room = classroom.create(folder / "autumn", EXAM, folder / "r.csv", "own")
        (folder / "ada.ticket").write_bytes(seal(self.room.ticket("ada", EXAM), SECRET))

    def grade(self, words, folder=None):
        """Run in the candidate's folder, once it is there."""
        inside = self.place.folder if self.place.folder.exists() else self.folder
        return subprocess.run(
            [GRADE, "exam", *words.split()],
            cwd=folder or inside,
            capture_output=True,
            text=True,
            env={**os.environ, "GRADER_EXAM_PASSPHRASE": SECRET, "COLUMNS": "100"},
        )

    def does(self, words, folder=None):
        done = self.grade(words, folder)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def write(self, name, text):
        (self.place.folder / name).write_text(text)

    def keeper(self):
        """The process that keeps this sitting; None where there is none."""
        if not keeper.report(self.place).alive:
            return None
        return json.loads(self.place.keeper.read_text())["pid"]

    def until_saved(self, text):
        """Wait until the keeper has put this into the log."""
        end = time.monotonic() + 30
        sha = chain.digest(text.encode())
        while Log(self.place.log).blob(sha) is None:
            assert time.monotonic() < end, "it was not saved"
            time.sleep(0.1)

    def verify(self, path):
        done = self.grade(f"verify {path} --class autumn", self.folder)
        return done.returncode, done.stdout


@pytest.fixture
def desk(tmp_path, monkeypatch):
    fake_forms(monkeypatch)
    desk = Desk(tmp_path)
    yield desk
    if pid := desk.keeper():
        os.kill(pid, signal.SIGKILL)


def test_an_honest_candidate_works_submits_and_hands_in(desk):
    assert "Next: cd short-ada" in desk.does("start ada.ticket")
    desk.does("open build --yes")
    assert desk.keeper()
    desk.write("build.py", "def double(x):\n    return 2 * x\n")
    assert "saved" in desk.does("save") or "nothing has changed" in desk.does("save")
    out = desk.does("status")
    assert "build.py: 2 lines" in out and "saved" in out and "NOT SAVED" not in out
    desk.does("submit build --yes")
    desk.does("next --yes")
    desk.write("essay.md", "It doubles.\n")
    out = desk.does("submit explain --yes")
    assert "ada.bundle in short-ada/ holds all of it" in out
    code, out = desk.verify("short-ada/ada.bundle")
    assert code == 0 and "ada.bundle is sound" in out and "ada, short, finished" in out


def test_a_machine_that_dies_in_the_middle_loses_nothing_that_was_saved(desk):
    desk.does("start ada.ticket")
    desk.does("open build --yes")
    desk.until_saved((desk.place.folder / "build.py").read_text())
    first = desk.keeper()
    os.kill(first, signal.SIGKILL)
    desk.write("build.py", "written after the crash\n")
    done = desk.grade("status")
    assert "Saving had stopped, and goes on now." in done.stderr
    desk.until_saved("written after the crash\n")
    assert desk.keeper() not in (None, first)
    assert "Saving had stopped" not in desk.grade("status").stderr
    desk.does("submit build --yes")
    desk.does("next --yes")
    desk.does("submit explain --yes")
    assert desk.verify("short-ada/ada.bundle")[0] == 0
    part = desk.place.sitting().state.part("build")
    (sha,) = part.submitted.manifest.values()
    assert Log(desk.place.log).blob(sha) == b"written after the crash\n"


def test_who_tampers_with_the_log_is_found(desk):
    desk.does("start ada.ticket")
    desk.does("open build --yes")
    desk.does("submit build --yes")
    noted = desk.place.sitting().anchor
    desk.does(f"anchor short-ada {noted.code} --class autumn --by Hill", desk.folder)
    shutil.copy(desk.place.log, desk.folder / "before.db")
    assert desk.verify("short-ada")[0] == 0

    more_time(desk.place.log)
    code, out = desk.verify("short-ada")
    assert code == 4 and "NOT sound" in out and "its seal is not the one that was put on" in out

    shutil.copy(desk.folder / "before.db", desk.place.log)
    cut(desk.place.log, noted.seq)
    code, out = desk.verify("short-ada")
    assert code == 4 and f"its code is not {noted.code}" in out and "the tail was cut" in out
    assert bodies(desk.place.sitting(), "open")  # a cut log can still be read


def more_time(path):
    """Rewrite the first event with more seconds, and every hash after it."""
    rows = Log(path).rows()
    db = sqlite3.connect(path)
    db.executescript("DROP TRIGGER no_update; DROP TRIGGER no_delete;")
    prev = chain.START
    for row in rows:
        fields = json.loads(row.body)
        fields["prev"] = prev
        if row.seq == 1:
            fields["data"]["parts"][0]["seconds"] = 9999
        body = chain.canonical(fields)
        prev = chain.digest(body)
        db.execute("UPDATE events SET body = ?, hash = ? WHERE seq = ?", (body, prev, row.seq))
    db.commit()
    db.close()


def cut(path, seq):
    """Take away the events from `seq` on, and make the number of the key fit."""
    db = sqlite3.connect(path)
    db.executescript("DROP TRIGGER no_delete;")
    db.execute("DELETE FROM events WHERE seq >= ?", (seq,))
    db.execute("UPDATE k SET i = ?", (seq - 1,))
    db.commit()
    db.close()
