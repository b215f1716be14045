"""What `grade exam new` makes, and whom a roster names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from sample_exam import EXAM, fake_forms

from grader.exam import classroom, papers, roster
from grader.exam.classroom import Classroom
from grader.model import Refused, UsageError
from grader.sitting.exam import Accommodation


@pytest.fixture
def table(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "r.csv"
        path.write_bytes(text.encode(encoding))
        return path

    return write


@pytest.fixture
def made(tmp_path, table):
    rows = "learner,factor,minutes\nada,,\nbob,1.5,10\n"
    return classroom.create(tmp_path / "autumn", EXAM, table(rows), "lab")


def test_a_class_holds_the_frozen_exam_keys_and_secrets(made):
    assert made.learners == ("ada", "bob")
    assert (made.exam.exam, made.header.level) == ("short", "lab")
    assert (made.folder / "exam.yaml").read_bytes() == (EXAM / "exam.yaml").read_bytes()
    ada, bob = made.candidate("ada"), made.candidate("bob")
    assert len({ada.key, bob.key}) == len({ada.number, bob.number}) == 2
    assert bob.accommodation == Accommodation(factor=1.5, minutes=10)
    private = load_pem_private_key((made.folder / "private.pem").read_bytes(), None)
    public = load_pem_public_key((made.folder / "public.pem").read_bytes())
    public.verify(private.sign(b"result"), b"result")


def test_secrets_are_for_their_owner_only(made):
    private = ["private.pem", "candidates/ada.json", "candidates/bob.json"]
    assert {oct((made.folder / name).stat().st_mode & 0o777) for name in private} == {"0o600"}
    for name in ("candidates", "."):
        assert oct((made.folder / name).stat().st_mode & 0o777) == "0o700"


def test_a_class_is_made_once(made, table):
    before = {path: path.read_bytes() for path in made.folder.rglob("*.*") if path.is_file()}
    with pytest.raises(Refused, match="autumn is there already, and a class is made once"):
        classroom.create(made.folder, EXAM, table("learner\nada\n"), "lab")
    assert before == {path: path.read_bytes() for path in before}


def test_a_bad_roster_leaves_nothing(tmp_path, table):
    with pytest.raises(UsageError):
        classroom.create(tmp_path / "new", EXAM, table("learner\nada\nada\n"), "lab")
    assert [path.name for path in tmp_path.iterdir()] == ["r.csv"]


def test_an_empty_folder_may_be_filled(tmp_path, table):
    (tmp_path / "autumn").mkdir()
    made = classroom.create(tmp_path / "autumn", EXAM, table("learner\nada\n"), "own")
    assert made.learners == ("ada",)


def test_another_folder_is_no_class(tmp_path):
    with pytest.raises(UsageError, match="is no class; make one: `grade exam new EXAM"):
        Classroom(tmp_path)


def test_a_learner_who_is_not_in_the_class_is_told(made):
    with pytest.raises(UsageError, match="no learner `eve` in this class; it has ada, bob"):
        made.candidate("eve")
    with pytest.raises(UsageError, match="no learner"):
        made.candidate("../private")


def test_a_ticket_carries_the_papers_of_the_learners_own_seed(made, monkeypatch):
    fake_forms(monkeypatch)
    ticket = made.ticket("bob", EXAM)
    seed = made.candidate("bob").seed
    assert ticket.papers["build"]["build-number.txt"] == f"{seed}\n".encode()
    assert (ticket.level, ticket.accommodation.minutes) == ("lab", 10)
    assert ticket.key.hex() == made.candidate("bob").key


def test_an_exam_that_was_changed_after_the_class_was_made_gives_no_ticket(made, tmp_path):
    changed = shutil.copytree(EXAM, tmp_path / "exams/short")
    text = (changed / "exam.yaml").read_text().replace("1200", "1300")
    (changed / "exam.yaml").write_text(text)
    with pytest.raises(Refused, match="was changed after this class was made; put it back"):
        made.ticket("ada", changed)
    (made.folder / "exam.yaml").write_text(text)
    with pytest.raises(Refused, match="was changed after this class"):
        assert Classroom(made.folder).exam


def test_noted_codes_are_kept_for_each_learner(made):
    assert made.codes("ada") == {}
    made.note("ada", 3, "1a2b3c4d")
    made.note("bob", 4, "ffffffff")
    assert made.codes("ada") == {3: "1a2b3c4d"}


# Rosters


@pytest.mark.parametrize(
    "text",
    [
        "learner,factor,minutes\nada,1.5,\nbob,,10\n",
        "\ufefflearner;factor;minutes\r\nada;1,5;\r\n\r\nbob;;10\r\n",
        "minutes\tlearner\tfactor\n\tada\t1.5\n10\tbob\n",
        ' Learner , Factor,minutes\n "ada",1.5\n;\n'.replace(";", ",,") + "bob,1,10\n",
    ],
)
def test_rosters_of_different_programs_say_the_same(table, text):
    assert roster.read(table(text)) == {
        "ada": Accommodation(factor=1.5),
        "bob": Accommodation(minutes=10),
    }


def test_names_of_any_language_are_taken(table):
    names = ["åsa.öberg", "李雷", "j.o-neil", "s_12345", "ada@example.org"]
    assert list(roster.read(table("learner\n" + "\n".join(names) + "\n"))) == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learner\nada\nbob\nAda\n", "line 4: Ada stands in line 2 already; remove one"),
        ("learner\ncafe\u0301\ncaf\u00e9\n", "stands in line 2 already"),
        ("learner\n../eve\n", "line 2: `../eve` cannot name a file; use letters"),
        ("learner\nada lovelace\n", "cannot name a file"),
        ("learner\n.ada\n", "cannot name a file"),
        ("learner\nada.\n", "cannot name a file"),
        ("learner\n" + "x" * 65 + "\n", "cannot name a file"),
        ("learner,factor\nada,0.5\n", "line 2: factor `0.5`"),
        ("learner,factor\nada,nan\n", "line 2: factor `nan`"),
        ("learner,minutes\nada,1.5\n", "line 2: minutes `1.5`"),
        ("learner,minutes\nada,999\n", "write a factor from 1 to 4, and whole minutes up to 240"),
        ("name,factor\nada,1\n", "line 1: the columns are learner, factor, minutes"),
        ("learner,minuts\nada,5\n", "line 1: the columns are learner, factor, minutes"),
        ("learner,learner\nada,bob\n", "line 1: the columns are"),
        ("learner,factor\n,1.5\n", "line 2: not learner, factor; mend that line"),
        ("learner\nada,1.5\n", "line 2: not learner; mend that line"),
        ("learner\n", "names no learner; write one in each line"),
        ("", "names no learner"),
        ('learner\n"ada\n', "mend the quotes"),
        ("learner\nada\0\n", "is no table"),
        ("learner\n" + "ada\n" * 400_000, "is no table of at most 1 MiB"),
    ],
)
def test_a_bad_roster_is_told_with_its_line(table, text, words):
    with pytest.raises(UsageError, match=r"r\.csv") as caught:
        roster.read(table(text))
    assert words in str(caught.value), str(caught.value)


def test_a_roster_in_another_encoding_or_place_is_told(table, tmp_path):
    with pytest.raises(UsageError, match=r"r\.csv is not UTF-8; save it as CSV UTF-8"):
        roster.read(table("learner\nåsa\n", "latin-1"))
    with pytest.raises(UsageError, match=r"none\.csv cannot be read"):
        roster.read(tmp_path / "none.csv")


# Where an exam lies


def test_an_exam_is_found_by_its_name_or_alone(tmp_path):
    with pytest.raises(UsageError, match="this course has no exams here; ask the instructor"):
        papers.find(tmp_path)
    only = Path(shutil.copytree(EXAM, tmp_path / "exams/short"))
    assert papers.find(tmp_path, "short") == papers.find(tmp_path) == only
    with pytest.raises(UsageError, match="no exam named `long`; this course has short"):
        papers.find(tmp_path, "long")
    shutil.copytree(EXAM, tmp_path / "exams/other")
    with pytest.raises(UsageError, match="name one of the exams: other, short"):
        papers.find(tmp_path)


def test_papers_need_the_private_half(tmp_path):
    kit = shutil.copytree(EXAM, tmp_path / "kit/exams/short")
    with pytest.raises(UsageError, match=r"private half of short is not here \(build, explain\)"):
        papers.papers(kit, 1)


def test_papers_are_the_same_for_the_same_seed(monkeypatch):
    fake_forms(monkeypatch)
    assert papers.papers(EXAM, 5) == papers.papers(EXAM, 5) != papers.papers(EXAM, 6)
    assert list(papers.papers(EXAM, 5)) == ["build", "explain"]


def test_the_form_of_a_part_is_a_module_of_that_name():
    task = papers.tasks(EXAM)["explain"]
    assert papers.form(task).__name__ == "grader.exam.essay"


@pytest.mark.parametrize(
    ("path", "words"),
    [("../x", "use a plain path"), ("/x", "use a plain path"), (".sitting/x", "plain path")],
)
def test_a_paper_that_leaves_the_folder_is_a_fault(monkeypatch, path, words):
    from types import SimpleNamespace

    form = SimpleNamespace(paper=lambda task, seed: {path: b""})
    monkeypatch.setattr(papers, "form", lambda task: form)
    with pytest.raises(papers.GraderFault, match=words):
        papers.papers(EXAM, 1)


def test_two_parts_may_not_have_the_same_file(monkeypatch):
    from types import SimpleNamespace

    form = SimpleNamespace(paper=lambda task, seed: {"README.txt": b""})
    monkeypatch.setattr(papers, "form", lambda task: form)
    with pytest.raises(papers.GraderFault, match="in the papers of build and explain"):
        papers.papers(EXAM, 1)


def test_practice_scales_the_parts_and_has_secrets_of_its_own(monkeypatch):
    fake_forms(monkeypatch)
    one, two = papers.practice(EXAM, 3), papers.practice(EXAM, 3)
    assert [part.seconds for part in one.exam.parts] == [120, 60]
    assert (one.level, one.learner) == ("mock", "mock") and one.key != two.key
