from __future__ import annotations

import platform

import pytest

from grader.sitting.clock import SECOND, ManualClock, Reading, SystemClock, elapsed

HOUR = 3600


def between(change, *, moved=False, clock=None):
    clock = clock or ManualClock()
    before = clock.read()
    after = (change(clock) or clock).read()
    ns, flags = elapsed(before, after, moved)
    return ns / SECOND, flags


def test_time_passes_as_the_boot_clock_says():
    assert between(lambda clock: clock.advance(20)) == (20, ())


def test_a_suspend_is_exam_time():
    assert between(lambda clock: clock.advance(5 * HOUR)) == (5 * HOUR, ())


@pytest.mark.parametrize("hours", [-25, -1, 1, 25])
def test_setting_the_wall_clock_changes_nothing_and_is_flagged(hours):
    def change(clock):
        clock.advance(20)
        clock.set_wall(hours * HOUR)

    assert between(change) == (20, ("clock_jump",))


def test_a_wall_clock_that_is_corrected_a_little_is_not_flagged():
    def change(clock):
        clock.advance(HOUR)
        clock.set_wall(-40)

    assert between(change) == (HOUR, ())


def test_across_a_reboot_the_wall_clock_counts():
    assert between(lambda clock: clock.reboot(down=300, up=20)) == (320, ("reboot",))


def test_a_clock_set_back_during_a_reboot_cannot_hide_the_time_since_the_start():
    def change(clock):
        clock.reboot(down=300, up=20)
        clock.set_wall(-2 * HOUR)

    assert between(change) == (20, ("reboot", "clock_rollback"))


def test_another_machine_that_is_up_for_weeks_costs_only_the_time_of_the_move():
    weeks = 14 * 24 * HOUR

    def change(clock):
        clock.advance(90)
        return clock.on("desk/2", up=weeks)

    assert between(change, moved=True) == (90, ("moved",))


def test_another_machine_with_a_clock_behind_gives_no_time_back():
    def change(clock):
        clock.set_wall(-60)
        return clock.on("desk/2", up=5)

    assert between(change, moved=True) == (0, ("moved", "clock_rollback"))


def test_a_weak_clock_is_named_and_follows_the_wall_clock():
    before, after = Reading(0, 9 * SECOND, "weak-1"), Reading(30 * SECOND, 900 * SECOND, "weak-2")
    assert elapsed(before, after) == (30 * SECOND, ("weak_clock",))


def test_the_clock_of_this_machine_does_not_go_back():
    clock = SystemClock()
    readings = [clock.read() for _ in range(100)]
    assert readings == sorted(readings, key=lambda each: each.boot_ns)
    assert len({each.boot_id for each in readings}) == 1


@pytest.mark.skipif(platform.system() != "Linux", reason="other systems have no such file")
def test_on_linux_two_processes_see_the_same_boot():
    assert SystemClock().read().boot_id == SystemClock().read().boot_id
    assert not SystemClock().read().weak


def test_without_boot_numbers_the_clock_says_that_it_is_weak(monkeypatch, tmp_path):
    monkeypatch.setattr("grader.sitting.clock.BOOT_ID", tmp_path / "none")
    one, two = SystemClock(), SystemClock()
    assert one.read().weak
    assert one.read().boot_id == one.read().boot_id != two.read().boot_id
    assert one.host == two.host
