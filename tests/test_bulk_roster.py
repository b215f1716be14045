from __future__ import annotations

import pytest

from grader.bulk.roster import match
from grader.model import UsageError

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,softmax (7)
    Points Possible,,,,,10
"Doe, Jane",123,S1,jdoe,A,
"Doe, John",124,S2,jodoe,A,
"Ébène, Zoë",125,S3,zebene,B,
"""
MOODLE = """First name;Last name;ID number;Email address;Username
Ada;Lovelace;77;ada@example.org;ada
Bo;Li;78;bo@example.org;boli
Bo;Li;79;li@example.org;boli2
"""


@pytest.fixture
def find(tmp_path):
    """Look for learners in a roster: find(text, "ada", ...): logins, and who is not found."""

    def look(text, *learners):
        path = tmp_path / "roster.csv"
        path.write_text(text, "utf-8")
        people, unmatched = match(path, learners)
        assert {*people} | {name for name, _ in unmatched} == {*learners}
        return {name: each.login for name, each in people.items()}, dict(unmatched)

    return look


def test_the_gradebook_of_canvas_is_a_roster(find):
    people, unmatched = find(CANVAS, "doejane_123", "doejohn_124", "ebenezoe_125", "roe_9")
    assert people == {"doejane_123": "jdoe", "doejohn_124": "jodoe", "ebenezoe_125": "zebene"}
    assert unmatched == {"roe_9": "no line fits"}


def test_a_number_of_another_person_matches_nobody(find):
    assert find(CANVAS, "roebo_123") == ({}, {"roebo_123": "no line fits"})


def test_the_participants_of_moodle_are_a_roster_and_of_two_alike_none_is_guessed(find):
    people, unmatched = find(MOODLE, "Ada Lovelace_555", "Bo Li_556")
    assert people == {"Ada Lovelace_555": "ada"}
    assert unmatched == {"Bo Li_556": "lines 3, 4 fit"}


def test_number_address_and_login_of_gradescope_are_enough(find):
    people, _ = find(MOODLE, "77", "BO@example.org", "boli2")
    assert people == {"77": "ada", "BO@example.org": "boli", "boli2": "boli2"}


def test_a_column_of_learners_goes_before_all_else(find):
    text = "learner,login\nAda Lovelace_555,ada\nada,somebody\n"
    assert find(text, "Ada Lovelace_555", "ada")[0] == {
        "Ada Lovelace_555": "ada",
        "ada": "somebody",
    }


def test_one_line_is_nobodys_when_two_learners_fit_it(find):
    people, unmatched = find(MOODLE, "ada", "Ada Lovelace_5", "boli")
    assert people == {"boli": "boli"}
    assert unmatched.keys() == {"ada", "Ada Lovelace_5"}
    assert unmatched["ada"] == "line 2 fits ada, Ada Lovelace_5"


def test_names_in_any_script_and_names_that_look_like_formulas_are_found(find):
    text = "learner,login\n李雷,lilei\n'=1+1,formula\n"
    assert find(text, "李雷", "=1+1")[0] == {"李雷": "lilei", "=1+1": "formula"}


@pytest.mark.parametrize("text", ["", "colour,size\nred,7\n", "login\n"])
def test_a_table_of_nobody_is_refused(find, text):
    with pytest.raises(UsageError, match=r"^roster.csv names nobody; give it a column"):
        find(text, "ada")
