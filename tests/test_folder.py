"""A submission that is a folder: read, packed, checked, graded, kept."""

from __future__ import annotations

import os
import sys
import zipfile

import pytest

from grader import authoring, box, catalogue, engine, folder, watching, workspace
from grader.bulk import intake
from grader.folder import Folder
from grader.model import GraderFault, Level, Status, UsageError
from grader.report import wording
from tests import sample_folder


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return sample_folder.write(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def course(root):
    return catalogue.load(root)


@pytest.fixture(scope="module")
def twice(course):
    return catalogue.find(course, "twice")


@pytest.fixture(scope="module")
def isolation():
    return box.isolation(Level.BASIC)


def put(place, files):
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place


def test_the_same_files_are_the_same_submission_wherever_and_whenever_written(tmp_path):
    files = {"b.md": b"b", "a/c.py": b"c"}
    one = folder.read(put(tmp_path / "one/pack", files))
    os.utime(tmp_path / "one/pack/b.md", (1, 1))
    two = folder.read(put(tmp_path / "two/pack", dict(reversed(files.items()))))
    assert one.sha256 == two.sha256 and one.name == "pack"
    assert folder.unpack(one.content) == files


def test_hidden_files_and_caches_are_left_out(tmp_path):
    pack = put(tmp_path / "pack", {"a.md": b"", ".git/x": b"", "__pycache__/a.pyc": b"", ".b": b""})
    assert Folder(folder.read(pack)).names == ["a.md"]


@pytest.mark.parametrize("kind", ["file", "folder", "pipe"])
def test_a_link_or_a_pipe_in_it_is_refused(tmp_path, kind):
    pack = put(tmp_path / "pack", {"a.md": b""})
    if kind == "pipe":
        os.mkfifo(pack / "b.md")
    else:
        (pack / "b.md").symlink_to(tmp_path if kind == "folder" else "/etc/hostname")
    with pytest.raises(UsageError, match=r"pack/b\.md is no plain file"):
        folder.read(pack)


def test_too_many_files_and_too_many_bytes_are_refused(tmp_path):
    many = put(tmp_path / "many", {f"{n}.md": b"" for n in range(folder.MOST_FILES + 1)})
    large = put(tmp_path / "large", {"a": bytes(folder.MOST_BYTES), "b": b"1"})
    for path in (many, large):
        with pytest.raises(UsageError, match="more than 200 files or 8 MB"):
            folder.read(path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such a name")
def test_a_name_that_cannot_be_read_is_the_learners_to_change(tmp_path):
    put(tmp_path / "pack", {os.fsdecode(b"\xff.md"): b""})
    with pytest.raises(UsageError, match="a name that cannot be read"):
        folder.read(tmp_path / "pack")


def test_what_a_check_asks_for_and_is_not_there_is_the_learners_fault(tmp_path):
    pack = put(tmp_path / "pack", {"latin.md": "ä".encode("latin-1"), "bad.yaml": b"a: ["})
    seen = Folder(folder.read(pack))
    for ask, words in [
        (lambda: seen.content("note.md"), "there is no file note.md"),
        (lambda: seen.text("latin.md"), "latin.md is not UTF-8"),
        (lambda: seen.data("bad.yaml"), "bad.yaml line"),
    ]:
        with pytest.raises(AssertionError, match=words):
            ask()
    assert "latin.md" in seen and "note.md" not in seen


def test_the_exercise_proves_itself(twice, isolation):
    problems = [f"{p.what}: {p.problem}" for p in authoring.prove(twice, isolation) if p.problem]
    assert not problems


def test_its_program_runs_in_the_box_and_a_failure_says_why(twice, isolation, tmp_path):
    files = {
        name.removeprefix("solutions/basics/twice/reference/"): text.encode()
        for name, text in sample_folder.FILES.items()
        if "reference/" in name
    }
    wrong = files | {"parts/program.py": b"def double(x):\n    return x\n"}
    verdict = engine.grade(twice, folder.packed("twice", wrong), isolation)
    outcomes = {each.check: each for each in verdict.outcomes}
    assert verdict.isolation.level is Level.BASIC and not verdict.passed
    assert outcomes["check_program"].message == "double(3) is 3"
    assert outcomes["check_program"].cpu_s > 0 and outcomes["check_note"].file == ""
    raising = files | {"parts/program.py": b"def double(x):\n    return x[0]\n"}
    verdict = engine.grade(twice, folder.packed("twice", raising), isolation)
    raised = next(each for each in verdict.outcomes if each.check == "check_program")
    assert wording.where(raised, verdict) == "line 2 of parts/program.py"
    broken = files | {"parts/program.py": b"def double(x:\n"}
    verdict = engine.grade(twice, folder.packed("twice", broken), isolation)
    outcomes = {each.check: each for each in verdict.outcomes}
    assert outcomes["rules"].message.startswith("parts/program.py: line 1")
    assert outcomes["check_note"].status is Status.PASSED  # what can be judged is judged
    assert outcomes["check_program"].status is Status.ERROR and not verdict.faults


def test_a_mistake_of_a_file_that_is_not_there_is_our_fault(twice):
    path = twice.solution / "mistakes/three.yaml"
    kept = path.read_text()
    path.with_name("lost.yaml").write_text(kept.replace("answer.yaml", "lost.yaml"))
    try:
        with pytest.raises(GraderFault, match=r"mistakes/lost.yaml: no file 'lost.yaml'"):
            catalogue.folder_of(twice, path.with_name("lost.yaml"))
    finally:
        path.with_name("lost.yaml").unlink()


def test_a_workspace_has_the_folder_and_reset_puts_it_aside(root, course, twice, tmp_path):
    workspace.init(tmp_path / "work", root, course)
    home = workspace.Workspace(tmp_path / "work")
    place = home.file_of(twice)
    assert place == tmp_path / "work/basics/twice"
    assert workspace.is_untouched(twice, workspace.read(twice, place))
    (place / "note.md").write_text("mine")
    assert not workspace.is_untouched(twice, workspace.read(twice, place))
    again = workspace.init(tmp_path / "work", root, course)
    assert "basics/twice" in again.kept and (place / "note.md").read_text() == "mine"
    _, kept = home.reset(twice)
    assert (kept / "note.md").read_text() == "mine" and (place / "note.md").read_text() == ""


@pytest.mark.parametrize("how", ["folder", "zip", "zip of the folder's files"])
def test_a_class_hands_it_in_as_a_folder_or_in_an_archive(course, twice, tmp_path, how):
    files = folder.unpack(folder.read(twice.reference).content)
    put(tmp_path / "class/bo/readme", {"x.md": b""})
    if how == "folder":
        put(tmp_path / "class/ada/basics/twice", files)
    else:
        name, begin = ("all.zip", "work/twice/") if how == "zip" else ("twice.zip", "")
        (tmp_path / "class/ada").mkdir(parents=True)
        with zipfile.ZipFile(tmp_path / "class/ada" / name, "w") as archive:
            for each, content in files.items():
                archive.writestr(begin + each, content)
            archive.writestr(begin + ".hidden", b"")
    found = intake.read_class(tmp_path / "class", course)
    (work,) = found.works
    assert work.learner == "ada" and [each.learner for each in found.troubles] == ["bo"]
    assert intake.read(work.file).sha256 == folder.read(twice.reference).sha256


def test_a_save_in_a_folder_is_seen_and_a_cache_in_it_is_none(root, course, tmp_path):
    workspace.init(tmp_path / "work", root, course)
    home = workspace.Workspace(tmp_path / "work")
    files, place = watching.Files(course, home), tmp_path / "work/basics/twice"
    for where in (place, place / "parts"):
        put(where, {"__pycache__/program.pyc": b"1", ".swp": b"1"})
    assert files.saved() is None and files.saved() is None
    put(place / "parts", {"program.py": b"def double(x):\n    return 2 * x\n"})
    seen = files.saved() or files.saved()  # twice, until its writer has finished
    assert seen is not None and seen[1] == place
