"""A sitting as it is told: the time line, outages, a row of the board."""

from __future__ import annotations

import pytest
from sample_exam import STAFF, sat

from grader.exam.keeper import Keeper
from grader.exam.timeline import lines, moments, outages, standing
from grader.model import GraderFault, Refused
from grader.sitting import Log, ManualClock, chain, log


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(log, "BALLAST", 1 << 16)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def desk(tmp_path, clock):
    place, sitting = sat(tmp_path, clock)
    return place, sitting, Keeper(place, clock)


def keep(one, clock, seconds):
    for _ in range(0, seconds, 5):
        one.look()
        clock.advance(5)


def told(place):
    return moments(Log(place.log))


def test_the_time_line_names_decisions_and_gathers_what_is_quiet(desk, clock):
    place, sitting, one = desk
    keep(one, clock, 60)
    sitting.extend("build", 600, **STAFF)
    (place.folder / "build.py").write_text("x = 1\n")
    keep(one, clock, 30)
    sitting.submit("build")
    text = list(lines(told(place)))
    assert "ada, short, level own" in text[0]
    assert text[1].split()[0] == "2" and text[1].endswith("open build")
    assert "3-7" in text[2] and text[2].endswith("1 saves, 4 signs of life")
    assert text[3].endswith("extend build +600 s by Dr Hill: fire alarm")
    assert text[-1].endswith("close build submitted") and "0:01:30" in text[-1]


def test_an_outage_is_a_gap_while_a_part_is_open(desk, clock):
    place, _, one = desk
    keep(one, clock, 30)
    clock.advance(300)
    keep(one, clock, 30)
    (outage,) = outages(told(place))
    assert (outage.number, outage.part, outage.ns // 10**9) == (1, "build", 315)
    assert any(
        "-- outage 1: nothing heard for 0:05:15 in build" in line for line in lines(told(place))
    )


def test_a_reboot_is_an_outage_with_a_flag(desk, clock):
    place, _, one = desk
    keep(one, clock, 30)
    clock.reboot(down=120, up=30)
    place.sitting(clock).close()
    (outage,) = outages(told(place))
    assert outage.ns // 10**9 == 165
    assert any(line.endswith("on desk/1  [reboot]") for line in lines(told(place)))


def test_time_after_the_deadline_in_a_pause_or_between_parts_is_no_outage(desk, clock):
    place, sitting, one = desk
    keep(one, clock, 30)
    sitting.pause("build", **STAFF)
    clock.advance(500)
    sitting.resume("build", **STAFF)
    clock.advance(1100)
    keep(one, clock, 30)
    clock.advance(9000)
    sitting.tick()
    found = outages(told(place))
    assert [each.ns // 10**9 for each in found] == [1100]
    clock.advance(9000)
    sitting.open("explain")
    assert outages(told(place)) == found


def test_an_outage_that_lasts_past_the_deadline_ends_with_it(desk, clock):
    place, sitting, one = desk
    one.look()
    clock.advance(9000)
    sitting.tick()
    assert [each.ns // 10**9 for each in outages(told(place))] == [1200]


def test_a_row_of_the_board(desk, clock):
    place, sitting, one = desk
    keep(one, clock, 60)
    sitting.extend("build", 600, **STAFF)
    clock.advance(20)
    before = place.log.read_bytes()
    row = standing(Log(place.log), clock)
    assert (row.learner, row.status, row.part.name) == ("ada", "running", "build")
    assert (row.left_ns // 10**9, row.beat_ns // 10**9, row.save_ns // 10**9) == (1720, 35, 80)
    assert row.code == f"{sitting.anchor.seq} {sitting.anchor.code}"
    assert (row.flags, row.given_s) == ((), 600)
    assert place.log.read_bytes() == before


def test_the_board_sees_an_expired_part_without_closing_it(desk, clock):
    place, sitting, _ = desk
    clock.advance(5000)
    row = standing(Log(place.log), clock)
    assert row.left_ns == 0 and row.part.status == "open"
    assert Log(place.log).rows()[-1].seq == sitting.log.seq


def test_the_board_of_another_machine_goes_by_the_wall_clock(desk, clock):
    place, _, one = desk
    keep(one, clock, 30)
    row = standing(Log(place.log), clock.on("proctor/9", up=10**6))
    assert row.left_ns // 10**9 == 1170


def test_a_damaged_or_empty_log_is_told(desk, tmp_path):
    place, sitting, _ = desk
    sitting.log._db.execute("DROP TRIGGER no_update")
    sitting.log._db.execute("UPDATE events SET body = x'00' WHERE seq = 2")
    with pytest.raises(GraderFault, match="damaged at event 2"):
        told(place)
    empty = Log.create(tmp_path / "empty.db", log.Contents((), {}, chain.Seal(0, bytes(32))))
    with pytest.raises((GraderFault, Refused), match="holds no event"):
        moments(empty)
