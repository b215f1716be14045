from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from grader.bulk.overrides import Override, Overrides
from grader.model import GraderFault

GIVEN = Override(learner="李雷", exercise="softmax", score=8, by="Grace", reason="a typo")


@pytest.fixture
def overrides(tmp_path):
    return Overrides(tmp_path / "out")


def test_the_newest_of_several_holds_and_all_of_them_stay(overrides):
    for score in (8, 6.5):
        overrides.give(GIVEN.model_copy(update={"score": score}))
    assert overrides.newest()["李雷", "softmax"].score == 6.5
    assert len([*overrides.folder.iterdir()]) == 2


def test_one_counts_through_the_day_on_which_it_expires():
    given = GIVEN.model_copy(update={"expires": date(2026, 12, 24)})
    assert given.counts(date(2026, 12, 24)) and not given.counts(date(2026, 12, 25))
    assert GIVEN.counts(date(2999, 1, 1))


@pytest.mark.parametrize("wrong", [{"by": ""}, {"reason": ""}, {"score": -1}, {"score": "nan"}])
def test_one_without_author_reason_or_points_is_none(wrong):
    with pytest.raises(ValidationError):
        Override.model_validate(GIVEN.model_dump() | wrong)


def test_those_of_another_folder_are_taken_once(overrides, tmp_path):
    other = Overrides(tmp_path / "other")
    other.give(GIVEN)
    for _ in range(2):
        overrides.take(other)
    assert overrides.newest() == other.newest()
    assert len([*overrides.folder.iterdir()]) == 1


def test_a_damaged_one_is_our_fault_and_never_passed_over(overrides):
    overrides.give(GIVEN)
    (path,) = overrides.folder.iterdir()
    path.write_text(path.read_text()[:-5])
    with pytest.raises(GraderFault, match=rf"^overrides/{path.name} is damaged; restore it"):
        overrides.newest()


def test_a_folder_that_cannot_be_written_says_that_it_was_not_kept(overrides):
    overrides.folder.parent.write_text("a file")
    with pytest.raises(GraderFault, match=r"^the override was not kept, out cannot be written"):
        overrides.give(GIVEN)
