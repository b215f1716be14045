"""What bad input gets: one folder of tests/submissions for each case.

expect.yaml of a case:
    why        one sentence
    exit_code  of the verdict; 2 where the file is refused before it is graded
    score      where it is neither all points with exit code 0 nor none
    outcomes   what is not `passed`: {status, says, line} by check name or pattern; line `any`
               where it depends on the moment; `absent` where the check must not appear
    printed    how many characters stand at a check
    note       part of a note of the verdict
    usage      the sentence of exit code 2
    limits     other limits than the exercise's
    basic      true: harmless enough to run at the basic level too
    own_box    true: it gets a box of its own, which is gone afterwards
    made       how the file comes about that no repository can hold
"""

from __future__ import annotations

import io
import os
import tempfile
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from conftest import COURSE
from leftovers import ended, marked, own
from rich.console import Console

from grader import box, bubblewrap, catalogue, checking, engine, report
from grader.box import Box
from grader.model import Level, Status, UsageError

ROOT = Path(__file__).parent.parent
MARK = f"GRADER_TEST={os.getpid()}"
EXPECT = {
    path.parent.name: yaml.safe_load(path.read_text("utf-8"))
    for path in sorted(Path(__file__).parent.glob("submissions/*/expect.yaml"))
}
CASES = [(name, Level.STRICT) for name in EXPECT]
CASES += [(name, Level.BASIC) for name in EXPECT if EXPECT[name].get("basic")]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The folder for temporary files, which must stay empty."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("temporary")
        patch.setattr(tempfile, "tempdir", str(place))
        patch.setitem(bubblewrap.ENVIRONMENT, *MARK.split("="))
        patch.setattr(checking, "EXAMPLES", 5)
        yield place


@pytest.fixture(scope="module")
def boxes(place, softmax):
    """One box for each level, warm between cases; when they are closed, nothing at all is left."""
    levels = (Level.STRICT, Level.BASIC)
    warm = {level: Box(box.isolation(level), softmax.limits) for level in levels if offered(level)}
    yield warm
    for each in warm.values():
        each._stop()
    assert not survivors([]) and not list(place.iterdir())


def offered(level):
    return level is Level.BASIC or not bubblewrap.refusal()


def survivors(boxes):
    """Processes of ours that still live, but for those of boxes that are warm."""
    warm = set().union(*map(own, boxes))
    return {pid for pid in marked(MARK) - warm if not ended(pid)}


def made(how, path, reference):
    """A file that no repository can hold."""
    if how == "folder":
        path.mkdir()
    if how == "fifo":
        os.mkfifo(path)
    if how == "link":
        path.symlink_to(reference)
    if how == "huge":
        with path.open("wb") as file:
            file.truncate(50 * 10**6)
    if how == "unreadable":
        path.touch(0o000)
        if os.access(path, os.R_OK):  # we are root, who may read everything but this
            path.unlink()
            path.symlink_to("/proc/self/mem")
    return path


@pytest.mark.parametrize(("name", "level"), CASES, ids=[f"{name}-{level}" for name, level in CASES])
def test_bad_input_gets_what_its_case_says(name, level, softmax, boxes, place, tmp_path):
    if not offered(level):
        pytest.skip(bubblewrap.refusal())
    expect, file = EXPECT[name], Path(__file__).parent / "submissions" / name / "submission.py"
    if "made" in expect:
        file = made(expect["made"], tmp_path / "submission.py", softmax.solution / "reference.py")
    warm = None if expect.get("own_box") else boxes[level]
    limits = softmax.limits.model_copy(update=expect.get("limits", {}))
    exercise = softmax.model_copy(update={"limits": limits})
    mounts = Path("/proc/self/mountinfo").read_text()
    if "usage" in expect:
        with pytest.raises(UsageError, match=expect["usage"]) as caught:
            catalogue.read_submission(file)
        assert one_sentence(str(caught.value)) and expect["exit_code"] == 2
        return

    submission = catalogue.read_submission(file)
    verdict = engine.grade(exercise, submission, box.isolation(level), seed=1, box=warm)

    agrees(verdict, expect)
    shows(verdict)
    assert not survivors(boxes.values())
    kept = {Path(each._folder) for each in boxes.values() if each._folder}
    assert set(place.rglob("*")) == kept
    assert Path("/proc/self/mountinfo").read_text() == mounts


def agrees(verdict, expect):
    """The verdict is what expect.yaml says, check by check."""
    patterns = expect.get("outcomes", {})
    used = {name for name, wanted in patterns.items() if wanted == "absent"}
    for outcome in verdict.outcomes:
        name = next((each for each in patterns if fnmatch(outcome.check, each)), None)
        wanted = patterns[name] if name else {"status": "passed"}
        assert outcome.status == wanted["status"], outcome
        assert wanted.get("says", "") in outcome.message, outcome
        assert wanted.get("line") in (outcome.line, "any"), outcome
        assert outcome.status is Status.PASSED or one_sentence(outcome.message), outcome
        used.add(name)
    assert not patterns.keys() - used
    lengths = {outcome.check: len(outcome.printed) for outcome in verdict.outcomes}
    assert expect.get("printed", {}).items() <= lengths.items()
    assert expect.get("note", "") in " ".join(verdict.notes)
    assert verdict.exit_code == expect["exit_code"]
    assert verdict.score == expect.get("score", 0 if verdict.exit_code else verdict.points)


def one_sentence(message):
    """A line for the learner: short, without a traceback, and without a path of this machine."""
    ours = ("Traceback", "/box/", "site-packages", str(ROOT), str(COURSE), tempfile.gettempdir())
    short = 0 < len(message) < 700 and len(message.splitlines()) == 1
    return short and not any(word in message for word in ours)


def shows(verdict):
    """Every report can be made of it, and nothing in it moves the cursor."""
    text = io.StringIO()
    report.print_verdict(verdict, Console(file=text, width=80), verbose=True)
    assert "\x1b" not in text.getvalue() and verdict.title in text.getvalue()
    assert verdict.exercise in report.as_json([verdict])
    assert verdict.exercise in report.as_html([verdict], "A course")
