"""Every attack of tests/redteam is refused at every level that promises it, and leaves nothing.

expect.yaml of an attack:
    why        what it tries, in a few words; it follows "an attack that ..."
    strict     how it ends in the strict box: the status of the first check that did not pass
    basic      how it ends at the level `basic`, where that differs; what gets through there says
               `passed`, `ended the grader` or the harm done
    says       part of the message, in the strict box
    exercise   an exercise of the course, where the tests' own softmax will not do
    only       the one check to run, where the others take long
    rules      true: the rules for the source stay on; else the box has to hold alone
    limits     other limits than usual
A list of statuses means any of them: who is first to notice is a race.
"""

from __future__ import annotations

import pytest
from redteam import campaign
from redteam.campaign import SIDES, attacks, families, offered, raid

SLOWEST_S = 60


@pytest.fixture(params=SIDES, ids=lambda side: side.name)
def side(request):
    if reason := offered(request.param):
        pytest.skip(reason)
    return request.param


@pytest.mark.parametrize("family", families())
def test_every_attack_comes_to_what_it_says(side, family):
    names = [name for name in attacks() if name.startswith(f"{family}/")]
    results = raid(side, names)
    assert results.keys() == set(names)
    wrong = {name: row for name, row in results.items() if differs(side, name, row)}
    assert not wrong


def differs(side, name, row):
    """Whether an attack ended in another way than its expect.yaml says."""
    expect = attacks()[name]
    wanted = expect.get(side.level, expect["strict"])
    ended = campaign.says(row).strip("*") if row["harm"] else row["status"]
    allowed = wanted if isinstance(wanted, list) else [wanted]
    if ended not in (*allowed, "timeout"):  # on a slow machine the clock may come first
        return True
    if side.level == "basic":
        return False
    broken = row["harm"] or row["exit"] == 0 or row["seconds"] > SLOWEST_S
    in_time = ended in allowed
    return broken or (in_time and expect.get("says", "") not in row["message"])


def test_no_attack_is_expected_to_break_the_strict_box():
    for name, expect in attacks().items():
        wanted = expect["strict"] if isinstance(expect["strict"], list) else [expect["strict"]]
        assert not {"passed", "ended the grader", "answered right"} & {*wanted}, name
        assert expect["why"] == expect["why"].strip() and not expect["why"].endswith("."), name


def test_there_are_at_least_eighty_attacks_of_six_families():
    assert len(attacks()) >= 80
    assert {"end", "judge", "steal", "rules", "exhaust", "escape"} <= set(families())


def test_who_needs_no_break_in_passes(side, monkeypatch, tmp_path):
    """The control: an attack refused is refused for what it did, not for how it is graded."""
    folder = campaign.HERE / "attacks"
    monkeypatch.setattr(campaign, "attacks", lambda: {"control/honest": {}})
    assert (folder.parent / "control" / "honest" / "submission.py").exists()
    (row,) = raid(side, ["../control/honest"]).values()
    assert (row["status"], row["harm"]) == ("passed", [])


def test_the_table_in_the_documentation_names_every_attack():
    page = (campaign.ROOT / "docs" / "security.md").read_text("utf-8")
    for name, expect in attacks().items():
        assert f"| {name} | {expect['why']} |" in page, "run: python tests/redteam/campaign.py"
