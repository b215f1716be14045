from __future__ import annotations

from datetime import datetime

import pytest

from grader.bulk import late
from grader.model import UsageError

DEADLINE = datetime.fromisoformat("2026-11-20T23:59+01:00")


@pytest.fixture
def policy(tmp_path):
    """Read a policy: policy("per_day: 10%", extensions="rows", times="rows")."""

    def make(text, deadline="2026-11-20T23:59+01:00", **tables):
        for name, rows in tables.items():
            (tmp_path / f"{name}.csv").write_text(rows, "utf-8")
            text += f"\n{name}: {name}.csv"
        path = tmp_path / "late.yaml"
        path.write_text(f"deadline: {deadline}\n{text}\n")
        return late.read(path, {"softmax", "sums"})

    return make


def at(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("handed_in", "days", "penalty"),
    [
        ("2026-11-20T22:59Z", 0, 0),
        ("2026-11-20T23:00Z", 1, 4),
        ("2026-11-21T22:59Z", 1, 4),
        ("2026-11-21T23:00Z", 2, 8),
        ("2026-12-24T12:00-08:00", 34, 20),
    ],
)
def test_every_day_begun_costs_a_share_up_to_the_most(policy, handed_in, days, penalty):
    found = policy("per_day: 10%\nmost: 50%").judge(DEADLINE, at(handed_in), 40, 30)
    assert found == (days, penalty)


def test_points_are_taken_off_as_well_as_shares_and_never_more_than_there_are(policy):
    rule = policy("per_day: 2.5")
    assert rule.judge(DEADLINE, at("2026-11-21T12:00Z"), 40, 30) == (1, 2.5)
    assert rule.judge(DEADLINE, at("2026-12-20T12:00Z"), 40, 30) == (30, 30)


def test_within_the_grace_nothing_is_taken_off_and_after_it_the_day_counts_whole(policy):
    rule = policy("per_day: 10%\ngrace: 15m")
    assert rule.judge(DEADLINE, at("2026-11-21T00:14+01:00"), 40, 30) == (0, 0)
    assert rule.judge(DEADLINE, at("2026-11-21T00:14:01+01:00"), 40, 30) == (1, 4)


def test_an_extension_goes_before_the_deadline_and_the_exercise_before_all(policy):
    rows = (
        "learner;exercise;deadline\n"
        "Žofia;;2026-11-25T23:59+01:00\nŽofia;sums;2026-11-30T23:59+01:00\n"
    )
    rule = policy("per_day: 1", "{softmax: 2026-11-20T23:59+01:00}", extensions=rows)
    assert rule.deadline("Žofia", "softmax").day == 25
    assert rule.deadline("Žofia", "sums").day == 30
    assert rule.deadline("ada", "softmax").day == 20
    assert rule.deadline("ada", "sums") is None
    assert rule.strangers({"ada"}) == {"Žofia"}


def test_dates_may_stand_in_the_file_as_yaml_writes_them(policy):
    rule = policy("per_day: 1", "2026-11-20T23:59:00+01:00")
    assert rule.deadline("ada", "sums") == DEADLINE


def test_a_policy_that_was_kept_is_the_same_policy(policy):
    rule = policy("per_day: 1", times="learner,exercise,time\nada,sums,2026-11-20 10:00+01:00\n")
    assert late.Late.model_validate_json(rule.model_dump_json()) == rule


@pytest.mark.parametrize(
    ("text", "deadline", "tables", "said"),
    [
        ("per_day: 1", "2026-11-20T23:59", {}, "late.yaml line 1: .* no time with its zone"),
        ("per_day: 1", "tomorrow", {}, "line 1: `tomorrow` is no time"),
        ("per_day: 1", "{sum: 2026-11-20T23:59Z}", {}, "line 1: no exercise is called `sum`"),
        ("per_day: many", "2026-11-20T23:59Z", {}, "line 2: per_day"),
        ("per_day: -1", "2026-11-20T23:59Z", {}, "line 2: per_day"),
        ("perday: 1", "2026-11-20T23:59Z", {}, "per_day: Field required"),
        ("per_day: 1\ngrace: soon", "2026-11-20T23:59Z", {}, "line 3: grace"),
        ("per_day: 1\ntimes: gone.csv", "2026-11-20T23:59Z", {}, "gone.csv cannot be read"),
        (
            "per_day: 1",
            "2026-11-20T23:59Z",
            {"times": "learner,exercise,time\nada,sums,yesterday\n"},
            "times.csv line 2: `yesterday` is no time",
        ),
        (
            "per_day: 1",
            "2026-11-20T23:59Z",
            {"extensions": "learner,deadline\n" + "ada,2026-11-21T23:59Z\n" * 2},
            "extensions.csv line 3: the same stands in line 2 already",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(policy, text, deadline, tables, said):
    with pytest.raises(UsageError, match=said):
        policy(text, deadline, **tables)


def test_a_name_that_our_own_table_escaped_is_the_name(policy):
    rows = "learner,exercise,time\n'=ada,sums,2026-11-20T10:00Z\n'bob,sums,2026-11-20T10:00Z\n"
    assert policy("per_day: 1", times=rows).times.keys() == {"=ada", "'bob"}
