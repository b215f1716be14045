"""The candidate's folder: made once, as a whole; papers that wait; nothing of his overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_exam import KEY, sat, ticket

from grader.exam import place
from grader.exam.place import Place
from grader.model import GraderFault, Refused, UsageError
from grader.sitting import ManualClock, Sitting


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def made(tmp_path, clock):
    return place.start(ticket(), tmp_path, clock)


def test_a_start_makes_the_folder_and_opens_nothing(made, clock):
    assert made.folder.name == "short-ada"
    assert {path.name for path in made.folder.iterdir()} == {"README.md", ".sitting"}
    state = made.sitting(clock).state
    assert (state.learner, state.exam, state.seed, state.level) == ("ada", "short", 7, "own")
    assert [part.status for part in state.parts] == ["locked", "locked"]
    assert made.sitting(clock).log.verify(KEY) == []


def test_the_readme_names_the_first_part(made):
    text = (made.folder / "README.md").read_text()
    assert "grade exam open build" in text and "every 5 s" in text


def test_a_closed_paper_is_not_in_plain_sight(made):
    for path in made.state.iterdir():
        assert b"double" not in path.read_bytes(), path.name


def test_a_second_start_is_refused_and_harms_nothing(made, tmp_path, clock):
    before = made.log.read_bytes()
    with pytest.raises(Refused, match="short-ada is here already; go into it"):
        place.start(ticket(), tmp_path, clock)
    assert made.log.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["short-ada"]


def test_a_start_that_fails_leaves_nothing(tmp_path, clock, monkeypatch):
    def full(*_, **__):
        raise GraderFault("sitting.db: database or disk is full.")

    monkeypatch.setattr(Sitting, "create", full)
    with pytest.raises(GraderFault, match="full"):
        place.start(ticket(), tmp_path, clock)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_it_says_so(tmp_path, clock):
    (tmp_path / "file").touch()
    with pytest.raises(GraderFault, match="go where you may write"):
        place.start(ticket(), tmp_path / "file", clock)


def test_a_place_is_found_from_below_and_after_a_move(made, tmp_path):
    below = made.folder / "a/b"
    below.mkdir(parents=True)
    assert Place.find(below).folder == made.folder
    moved = made.folder.rename(tmp_path / "elsewhere")
    assert Place.find(moved / "a/b").folder == moved
    with pytest.raises(UsageError, match="no exam is sat in this folder"):
        Place.find(tmp_path)


def test_staff_name_a_folder_or_its_log(made):
    assert Place.of(made.folder).folder == Place.of(made.log).folder == made.folder
    with pytest.raises(UsageError, match=r"\.sitting is no sitting; name a candidate's folder"):
        Place.of(made.state)


def test_a_paper_is_laid_out_beside_what_is_there(made):
    (made.folder / "build.py").write_text("mine\n")
    assert made.lay_out(made.paper("build")) == ["build.py"]
    assert (made.folder / "build.py").read_text() == "mine\n"
    assert (made.folder / "build-number.txt").read_text() == "7\n"


def test_folders_of_a_paper_are_made(made):
    assert made.lay_out({"diagnose/item1.py": b"x = 1\n"}) == []
    assert (made.folder / "diagnose/item1.py").read_bytes() == b"x = 1\n"


def test_a_paper_that_cannot_be_written_is_told_with_the_next_step(made):
    (made.folder / "diagnose").write_text("a file, not a folder")
    with pytest.raises(GraderFault, match=r"diagnose/item1\.py .*open the part again"):
        made.lay_out({"diagnose/item1.py": b"x"})


@pytest.mark.parametrize("content", [None, b"", b"rubbish"])
def test_papers_that_are_gone_or_damaged_are_told(made, content):
    if content is None:
        (made.state / "papers").unlink()
    else:
        (made.state / "papers").write_bytes(content)
    with pytest.raises(GraderFault, match="the paper of build cannot be read; tell the proctor"):
        made.paper("build")


def test_a_log_that_was_copied_to_another_machine_goes_on_with_a_flag(tmp_path, clock):
    here, sitting = sat(tmp_path, clock)
    sitting.close()
    there = Path(here.folder.rename(tmp_path / "stick"))
    other = clock.on("laptop/2", up=3600)
    other.advance(60)
    moved = Place(there).sitting(other)
    assert [flag for _, flag in moved.state.flags] == ["moved"]
    part = moved.state.part("build")
    assert part.status == "open" and part.remaining_ns(moved.tick()) == (1200 - 60) * 10**9


def test_a_folder_of_a_stranger_cannot_be_entered(made):
    assert oct(made.folder.stat().st_mode & 0o777) == "0o700"
    assert oct(made.log.stat().st_mode & 0o777) == "0o600"
