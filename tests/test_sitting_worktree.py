from __future__ import annotations

import os

import pytest

from grader.sitting import worktree
from grader.sitting.state import Refused
from grader.sitting.worktree import MAX_FILE, MAX_FILES, collect

PATTERNS = ("diagnose/*.py", "answers.yaml")


@pytest.fixture
def work(tmp_path):
    (tmp_path / "diagnose").mkdir()
    return tmp_path


def test_only_what_the_exam_names_is_read(work):
    for path in ("diagnose/a.py", "answers.yaml", "diagnose/notes.txt", "essay.md", "b.py"):
        (work / path).write_text(path)
    assert collect(work, PATTERNS) == {
        "diagnose/a.py": b"diagnose/a.py",
        "answers.yaml": b"answers.yaml",
    }


def test_a_star_stays_in_its_folder_and_leaves_hidden_files_alone(work):
    (work / "diagnose/deep").mkdir()
    (work / "diagnose/deep/a.py").write_text("x")
    (work / "diagnose/.a.py").write_text("what an editor leaves")
    (work / "diagnose/.#a.py").symlink_to("nobody@desk.17")
    assert collect(work, PATTERNS) == {}


def test_an_empty_folder_has_no_files(tmp_path):
    assert collect(tmp_path, PATTERNS) == {}


def test_a_link_is_refused_and_not_followed(work, tmp_path_factory):
    secret = tmp_path_factory.mktemp("other") / "secret.py"
    secret.write_text("not yours")
    (work / "diagnose/a.py").symlink_to(secret)
    with pytest.raises(Refused, match=r"diagnose/a\.py is a link"):
        collect(work, PATTERNS)


def test_a_folder_that_is_a_link_is_refused(work, tmp_path_factory):
    (work / "diagnose").rmdir()
    (work / "diagnose").symlink_to(tmp_path_factory.mktemp("other"))
    with pytest.raises(Refused, match="diagnose is a link"):
        collect(work, PATTERNS)


def test_a_pipe_is_refused_at_once(work):
    os.mkfifo(work / "answers.yaml")
    with pytest.raises(Refused, match="not a plain file"):
        collect(work, PATTERNS)


def test_a_folder_in_place_of_a_file_is_refused(work):
    (work / "answers.yaml").mkdir()
    with pytest.raises(Refused, match="not a plain file"):
        collect(work, PATTERNS)


def test_the_largest_file_is_read_and_one_byte_more_is_refused(work):
    (work / "answers.yaml").write_bytes(bytes(MAX_FILE))
    assert len(collect(work, PATTERNS)["answers.yaml"]) == MAX_FILE
    (work / "answers.yaml").write_bytes(bytes(MAX_FILE + 1))
    with pytest.raises(Refused, match=r"answers\.yaml is larger than 1 MiB"):
        collect(work, PATTERNS)


def test_eight_mebibytes_in_all_are_read_and_more_is_refused(work):
    for n in range(8):
        (work / f"diagnose/{n}.py").write_bytes(bytes(MAX_FILE))
    assert len(collect(work, PATTERNS)) == 8
    (work / "diagnose/8.py").write_text("x")
    with pytest.raises(Refused, match="more than 8 MiB"):
        collect(work, PATTERNS)


def test_very_many_files_are_refused(work):
    for n in range(MAX_FILES + 1):
        (work / f"diagnose/{n}.py").touch()
    with pytest.raises(Refused, match="more than 256"):
        collect(work, PATTERNS)


def test_a_name_that_is_not_utf8_is_refused(work):
    (work / os.fsdecode(b"diagnose/\xff.py")).touch()
    with pytest.raises(Refused, match="rename"):
        collect(work, PATTERNS)


def during_the_first_read(monkeypatch, save):
    """Somebody saves between the first and the second piece that is read."""
    real, calls = os.read, []

    def read(file, size):
        calls.append(file)
        chunk = real(file, 4)
        if len(calls) == 1:
            save()
        return chunk

    monkeypatch.setattr(worktree.os, "read", read)


def test_a_file_that_is_saved_while_it_is_read_is_read_again(work, monkeypatch):
    path = work / "answers.yaml"
    path.write_text("old text here")
    during_the_first_read(monkeypatch, lambda: path.write_text("new text, and more of it"))
    assert collect(work, PATTERNS) == {"answers.yaml": b"new text, and more of it"}


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(work, monkeypatch):
    path = work / "answers.yaml"
    path.write_text("old text here")

    def save():
        (work / "beside").write_text("new text here")
        (work / "beside").replace(path)

    during_the_first_read(monkeypatch, save)
    assert collect(work, PATTERNS) == {"answers.yaml": b"new text here"}


def test_a_file_that_goes_away_for_a_moment_is_still_read(work, monkeypatch):
    path, calls, real = work / "answers.yaml", [], os.open
    path.write_text("text")

    def opened(name, *args, **more):
        if name == "answers.yaml" and not calls:
            calls.append(name)
            raise FileNotFoundError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(worktree.os, "open", opened)
    assert collect(work, PATTERNS) == {"answers.yaml": b"text"}


def test_a_file_that_never_rests_is_read_as_far_as_it_is(work, monkeypatch):
    path, real = work / "answers.yaml", os.read
    path.write_text("0")

    def read(file, size):
        chunk = real(file, size)
        with path.open("a") as more:
            more.write("." if len(chunk) else "")
        return chunk

    monkeypatch.setattr(worktree.os, "read", read)
    assert collect(work, PATTERNS)["answers.yaml"].startswith(b"0.")
