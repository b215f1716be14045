from __future__ import annotations

import re
from pathlib import Path
from unittest import mock

import pytest
from sample_sitting import EXAM, KEY, WHY, Desk

from grader.model import UsageError
from grader.sitting import ManualClock, Refused, Sitting, rules, worktree
from grader.sitting.chain import Event, unpack
from grader.sitting.clock import SECOND
from grader.sitting.exam import Exam
from grader.sitting.state import State

HOUR = 3600


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "desk")


@pytest.fixture
def building(desk):
    desk.sitting.open("build")
    return desk


def kinds(desk):
    return [unpack(row.body)[0].kind for row in desk.sitting.log.rows()]


def part(desk, name="build"):
    return desk.sitting.state.part(name)


def flags(desk):
    return {flag for _, flag in desk.sitting.state.flags}


# ---- beginning


def test_a_new_sitting_holds_all_that_was_decided_before_it(desk):
    state = desk.sitting.state
    assert (state.status, state.learner, state.exam, state.seed) == ("ready", "ada", "short", 7)
    assert state.exam_sha256 == EXAM.sha256
    assert [each.status for each in state.parts] == ["locked"] * 3
    assert kinds(desk) == ["create"]


@pytest.mark.parametrize(
    ("given", "seconds"), [({}, 7200), ({"factor": 1.5}, 10_800), ({"minutes": 30}, 9000)]
)
def test_an_accommodation_gives_every_part_more_time(tmp_path, given, seconds):
    desk = Desk(tmp_path / "desk", **given)
    assert part(desk).remaining_ns(0) == seconds * SECOND


def test_a_sitting_is_created_once_and_its_key_has_32_bytes(desk, tmp_path):
    with pytest.raises(Refused, match="created once"):
        Sitting.create(desk.path, EXAM, "bob", KEY, seed=1)
    with pytest.raises(UsageError, match="32 bytes"):
        Sitting.create(tmp_path / "b.sqlite3", EXAM, "bob", b"short", seed=1)


def test_a_creation_that_was_cut_off_leaves_no_sitting_and_can_be_repeated(tmp_path):
    path = tmp_path / "a.sqlite3"
    cut = mock.patch("grader.sitting.sitting.Log.append", side_effect=KeyboardInterrupt)
    with cut, pytest.raises(KeyboardInterrupt):
        Sitting.create(path, EXAM, "ada", KEY, seed=1, clock=ManualClock())
    assert not path.exists()
    with mock.patch("grader.sitting.log.BALLAST", 4096):
        sitting = Sitting.create(path, EXAM, "ada", KEY, seed=1, clock=ManualClock())
    assert sitting.log.verify(KEY) == []


def test_a_new_sitting_sets_space_aside(desk):
    assert desk.sitting.log.ballast.stat().st_size == 1 << 16
    desk.sitting.beat()
    assert flags(desk) == set()
    desk.sitting.log.ballast.unlink()
    desk.sitting.beat()
    desk.sitting.beat()
    assert [flag for _, flag in desk.sitting.state.flags] == ["disk_full"]


@pytest.mark.parametrize(("shift", "said"), [(-2, "from"), (2, "until")])
def test_an_exam_starts_only_in_its_window(tmp_path, shift, said):
    # The clock of the desk stands at 2027-01-15T08:00 UTC.
    window = {"opens": "2027-01-15T07:00+00:00", "closes": "2027-01-15T09:00+00:00"}
    exam = Exam.model_validate({**EXAM.model_dump(by_alias=True), "start_window": window})
    desk = Desk(tmp_path / "desk", exam)
    desk.clock.set_wall(shift * HOUR)
    with pytest.raises(Refused, match=said):
        desk.sitting.open("build")
    desk.clock.set_wall(-shift * HOUR)
    desk.sitting.open("build")
    desk.clock.advance(3 * HOUR)
    desk.sitting.next()
    assert part(desk, "diagnose").status == "open"


# ---- parts


def test_parts_come_in_order_one_at_a_time(desk):
    with pytest.raises(Refused, match="Part build comes first"):
        desk.sitting.open("diagnose")
    desk.sitting.next()
    for again in (lambda: desk.sitting.open("diagnose"), desk.sitting.next):
        with pytest.raises(Refused, match="build is still open; submit it first"):
            again()
    desk.sitting.submit("build")
    with pytest.raises(Refused, match="only staff can reopen"):
        desk.sitting.open("build")
    for name in ("diagnose", "articulate"):
        desk.sitting.next()
        desk.sitting.submit(name)
    desk.sitting.next()
    assert desk.sitting.state.status == "finished"
    with pytest.raises(Refused, match="finished"):
        desk.sitting.next()


def test_a_part_that_does_not_exist_is_refused_with_the_names_of_those_that_do(desk):
    with pytest.raises(Refused, match="no part essay; its parts are build, diagnose, articulate"):
        desk.sitting.open("essay")


def test_a_part_expires_at_its_deadline_whenever_it_is_noticed(building):
    building.clock.advance(7200)
    building.sitting.tick()
    assert part(building).status == "open"
    assert part(building).expired(7200 * SECOND + 1)
    building.clock.advance(3 * HOUR)
    building.sitting.tick()
    assert (part(building).closed_ns, part(building).reason) == (7200 * SECOND, "expired")


def test_the_last_snapshot_is_graded_without_a_click(building):
    for text in ("one", "two"):
        building.write(text)
        building.clock.advance(20)
        building.sitting.snapshot("build")
    building.clock.advance(3 * HOUR)
    building.write("too late")
    building.sitting.tick()
    assert building.saved() == "two"


def test_submit_saves_first(building):
    building.write("last words")
    building.sitting.submit("build")
    assert building.saved() == "last words"


def test_submit_of_files_that_are_unfit_leaves_the_part_open(building):
    building.write("x" * (worktree.MAX_FILE + 1))
    with pytest.raises(Refused, match="larger than 1 MiB"):
        building.sitting.submit("build")
    assert part(building).status == "open"


def test_files_as_they_were_make_no_event(building):
    assert building.sitting.snapshot("build") is None
    building.write("one")
    assert building.sitting.snapshot("build").seq == 3
    assert building.sitting.snapshot("build") is None
    assert building.sitting.log.seq == 3


def test_files_that_are_gone_are_told_and_the_last_save_still_counts(building):
    building.write("one")
    building.sitting.snapshot("build")
    (building.work / "build.py").unlink()
    for refused in (building.sitting.snapshot, building.sitting.submit):
        with pytest.raises(Refused, match="what was saved last still counts"):
            refused("build")
    building.work.rename(building.folder / "elsewhere")
    with pytest.raises(Refused, match="put it back"):
        building.sitting.snapshot("build")
    building.clock.advance(3 * HOUR)
    building.sitting.tick()
    assert building.saved() == "one"


def test_a_part_without_files_can_be_submitted(building):
    building.sitting.submit("build")
    assert (part(building).reason, building.saved()) == ("submitted", None)


def test_a_process_without_the_folder_submits_what_was_saved(building):
    building.write("one")
    building.sitting.snapshot("build")
    Sitting(building.path, clock=building.clock).submit("build")
    building.sitting.tick()
    assert building.saved() == "one"


def test_a_part_that_is_not_open_cannot_be_saved(desk):
    with pytest.raises(Refused, match="build is locked"):
        desk.sitting.snapshot("build")


@pytest.mark.parametrize(
    ("begun", "lag", "kept"),
    [(7199, 0, True), (7200, 0, True), (7200, 10, True), (7200, 11, False), (7195, 20, False)],
)
def test_a_snapshot_counts_when_its_reading_began_in_time(building, begun, lag, kept):
    real = worktree.collect

    def slow(*given):
        building.clock.advance(lag)
        return real(*given)

    building.write("just in time")
    building.clock.advance(begun)
    with mock.patch.object(worktree, "collect", slow):
        if kept:
            building.sitting.snapshot("build")
        else:
            with pytest.raises(Refused, match="after its end"):
                building.sitting.snapshot("build")
    building.clock.advance(60)
    building.sitting.tick()
    assert building.saved() == ("just in time" if kept else None)


def test_a_slow_snapshot_counts_although_another_process_closed_the_part(building):
    real, other = worktree.collect, building.again()

    def slow(*given):
        found = real(*given)
        building.clock.advance(8)
        with mock.patch.object(worktree, "collect", real):
            other.tick()
        return found

    building.write("in time")
    building.clock.advance(7195)
    with mock.patch.object(worktree, "collect", slow):
        building.sitting.snapshot("build")
    assert part(building).reason == "expired"
    assert building.saved() == "in time"


def test_of_two_snapshots_the_one_begun_later_stands(building):
    real, other = worktree.collect, building.again()

    def slow(*given):
        found = real(*given)
        building.clock.advance(3)
        building.write("newer")
        with mock.patch.object(worktree, "collect", real):
            other.snapshot("build")
        return found

    building.write("older")
    with mock.patch.object(worktree, "collect", slow), pytest.raises(Refused, match="nothing is"):
        building.sitting.snapshot("build")
    building.sitting.submit("build")
    assert building.saved() == "newer"


# ---- staff


def test_an_extension_moves_the_deadline(building):
    building.sitting.extend("build", 600, **WHY)
    assert part(building).deadline_ns == 7800 * SECOND


def test_an_extension_may_come_before_the_part_is_opened(desk):
    desk.sitting.extend("build", 600, **WHY)
    desk.sitting.open("build")
    assert part(desk).deadline_ns == 7800 * SECOND


def test_after_its_end_a_part_is_reopened_and_not_extended(building):
    building.clock.advance(7201)
    with pytest.raises(Refused, match="reopen it instead"):
        building.sitting.extend("build", 600, **WHY)
    building.sitting.reopen("build", 600, **WHY)
    assert part(building).remaining_ns(building.sitting.tick()) == 600 * SECOND
    building.write("second wind")
    building.sitting.snapshot("build")
    building.clock.advance(601)
    building.sitting.tick()
    assert building.saved() == "second wind"


def test_time_stands_still_in_a_pause_and_nothing_is_saved(building):
    building.clock.advance(200)
    building.sitting.pause("build", **WHY)
    building.clock.advance(2 * HOUR + 1000)
    assert part(building).remaining_ns(building.sitting.tick()) == 7000 * SECOND
    for refused in (building.sitting.snapshot, building.sitting.submit):
        with pytest.raises(Refused, match="build is paused"):
            refused("build")
    building.sitting.resume("build", **WHY)
    assert part(building).remaining_ns(building.sitting.tick()) == 7000 * SECOND


@pytest.mark.parametrize(
    "by,reason", [("", "fire"), ("Dr Hill", ""), ("Dr Hill", " \n"), (None, "x")]
)
def test_staff_decide_nothing_without_name_and_reason(building, by, reason):
    sitting, seq = building.sitting, building.sitting.log.seq
    for decide in (
        lambda: sitting.extend("build", 60, by, reason),
        lambda: sitting.pause("build", by, reason),
        lambda: sitting.reopen("build", 60, by, reason),
        lambda: sitting.accept_late("build", 1, by, reason),
        lambda: sitting.end(by, reason),
        lambda: sitting.void(by, reason),
    ):
        with pytest.raises(Refused, match=r"who decides this and why|only|closed"):
            decide()
    assert sitting.log.seq == seq


@pytest.mark.parametrize("seconds", [0, -60, 1.5, True, 24 * HOUR + 1, "60"])
def test_staff_give_whole_seconds_and_at_most_a_day(building, seconds):
    with pytest.raises(Refused, match="whole seconds"):
        building.sitting.extend("build", seconds, **WHY)


def test_the_end_by_staff_closes_what_is_open(building):
    building.write("so far")
    building.sitting.snapshot("build")
    building.sitting.end(**WHY)
    assert (part(building).reason, building.sitting.state.status) == ("ended_by_staff", "finished")
    assert building.saved() == "so far"
    with pytest.raises(Refused, match="finished"):
        building.sitting.reopen("build", 60, **WHY)


def test_a_void_sitting_takes_nothing_more(building):
    building.sitting.void(**WHY)
    building.clock.advance(3 * HOUR)
    building.sitting.beat()
    for refused in (building.sitting.next, lambda: building.sitting.submit("build")):
        with pytest.raises(Refused, match="void"):
            refused()
    with pytest.raises(Refused, match="is void"):
        building.sitting.void(**WHY)


def test_work_found_after_the_deadline_is_kept_and_counts_only_if_staff_say_so(building):
    building.write("in time")
    building.sitting.snapshot("build")
    building.sitting.close()
    building.clock.advance(3 * HOUR)
    building.write("written while the tool was dead")
    building.restart()
    assert kinds(building)[-2:] == ["close", "late_copy"]
    assert building.saved() == "in time"
    (late,) = part(building).late
    assert building.sitting.late_copy("build") is None
    with pytest.raises(Refused, match="no late copy"):
        building.sitting.accept_late("build", late.seq - 1, **WHY)
    building.sitting.accept_late("build", late.seq, **WHY)
    assert building.saved() == "written while the tool was dead"


def test_unfit_files_after_the_deadline_do_not_keep_a_part_open(building):
    building.clock.advance(7201)
    building.write("x" * (worktree.MAX_FILE + 1))
    building.sitting.tick()
    assert part(building).status == "closed"


# ---- clocks, machines, processes


def test_a_reboot_in_the_middle_costs_the_time_it_took(building):
    building.write("before")
    building.clock.advance(100)
    building.sitting.snapshot("build")
    building.sitting.close()
    building.clock.reboot(down=300, up=20)
    building.restart()
    assert kinds(building)[-1] == "attach"
    assert building.sitting.tick() == 420 * SECOND
    assert flags(building) == {"reboot"}
    building.sitting.submit("build")
    assert building.saved() == "before"


@pytest.mark.parametrize("hours", [-25, 25])
def test_a_jump_of_the_wall_clock_gives_and_takes_no_time(building, hours):
    building.clock.advance(100)
    building.clock.set_wall(hours * HOUR)
    building.sitting.beat()
    assert building.sitting.tick() == 100 * SECOND
    assert flags(building) == {"clock_jump"}


def test_a_clock_set_back_over_a_reboot_is_flagged_and_time_goes_on(building):
    building.clock.advance(100)
    building.sitting.beat()
    building.clock.reboot(down=600, up=30)
    building.clock.set_wall(-25 * HOUR)
    building.restart()
    assert building.sitting.tick() == 130 * SECOND
    assert flags(building) == {"reboot", "clock_rollback"}
    building.clock.set_wall(25 * HOUR)
    assert building.sitting.tick() == 130 * SECOND


def test_the_sitting_goes_on_at_another_machine(building):
    building.write("at the first desk")
    building.clock.advance(100)
    building.sitting.snapshot("build")
    building.clock = building.clock.on("desk/2", up=30 * 24 * HOUR)
    building.clock.advance(50)
    building.restart()
    assert building.sitting.tick() == 150 * SECOND
    assert flags(building) == {"moved"}
    assert building.sitting.log.verify(KEY) == []


def test_two_processes_take_turns(building):
    other = building.again()
    building.write("one")
    building.sitting.snapshot("build")
    other.submit("build")
    with pytest.raises(Refused, match="build is closed"):
        building.sitting.snapshot("build")
    assert building.sitting.state == other.state
    assert building.sitting.log.verify(KEY) == []


def test_a_write_between_the_look_and_the_write_is_refused_and_nothing_is_lost(building):
    other, real = building.again(), rules.apply

    def apply(state, event):
        if event.kind == "pause":
            with mock.patch.object(rules, "apply", real):
                other.beat()
        return real(state, event)

    with mock.patch.object(rules, "apply", apply), pytest.raises(Refused, match="try again"):
        building.sitting.pause("build", **WHY)
    building.sitting.pause("build", **WHY)
    assert building.sitting.log.verify(KEY) == []


# ---- proof


def test_a_noted_code_stands_in_the_log_with_the_event_that_it_fixes(building):
    seq, code = building.sitting.anchor
    building.sitting.beat()
    assert building.sitting.note(code, "Dr Hill") == (seq, code)
    event = unpack(building.sitting.log.rows()[-1].body)[0]
    assert (event.kind, event.data) == ("anchor", {"event": seq, "code": code, "by": "Dr Hill"})
    for strange in ("", "0" * 8, code[:4]):
        with pytest.raises(Refused, match="read it once more"):
            building.sitting.note(strange, "Dr Hill")


@pytest.mark.parametrize(
    "data", [{"event": 0}, {"event": 3}, {"code": "1a"}, {"code": 7}, {"by": ""}]
)
def test_a_code_that_cannot_have_been_noted_is_refused(building, data):
    given = {"event": 1, "code": "0" * 8, "by": "Dr Hill", **data}
    with pytest.raises(Refused):
        rules.apply(building.sitting.state, Event(3, "anchor", given, building.clock.read()))


def test_what_the_rules_would_refuse_can_be_asked_and_nothing_is_written(desk):
    with pytest.raises(Refused, match="Part build comes first"):
        desk.sitting.require("open", part="diagnose")
    desk.sitting.require("open", part="build")
    assert kinds(desk) == ["create"] and part(desk).status == "locked"


def test_files_are_unsaved_until_they_are_as_in_the_last_snapshot(building):
    assert not building.sitting.unsaved("build")
    building.write("x = 1")
    assert building.sitting.unsaved("build")
    building.sitting.snapshot("build")
    assert not building.sitting.unsaved("build")


def test_a_sitting_knows_its_level_its_ticket_and_how_often_it_is_saved(tmp_path):
    given = {"seed": 7, "level": "lab", "ticket": "n1", "clock": ManualClock()}
    state = Sitting.create(tmp_path / "a.db", EXAM, "ada", KEY, **given).state
    assert (state.level, state.ticket, state.autosave_ns) == ("lab", "n1", 20 * SECOND)


def test_the_anchor_is_the_start_of_the_last_hash(building):
    seq, code = building.sitting.anchor
    assert (seq, code) == (2, building.sitting.log.rows()[-1].hash[:8])
    assert building.sitting.log.verify(KEY, {seq: code}) == []
    assert building.sitting.submit("build") == building.sitting.anchor != (seq, code)


def test_what_was_done_is_what_is_read(building):
    building.write("one")
    building.sitting.submit("build")
    events = (unpack(row.body)[0] for row in building.sitting.log.rows())
    assert rules.fold(events) == building.again().state == building.sitting.state


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("nonsense", {}),
        ("create", {}),
        ("open", {}),
        ("open", {"part": 7}),
        ("snapshot", {"part": "build", "taken": "0", "manifest": {}}),
        ("snapshot", {"part": "build", "taken": 99 * SECOND, "manifest": {}}),
        ("snapshot", {"part": "build", "taken": 0, "manifest": 3}),
        ("close", {"part": "build", "at": 0, "reason": "expired"}),
        ("close", {"part": "build", "at": 5, "reason": "submitted"}),
        ("attach", None),
        ("finish", []),
    ],
)
def test_an_event_that_no_tool_of_ours_writes_is_refused(building, kind, data):
    state, reading = building.sitting.state, building.clock.read()
    with pytest.raises(Refused):
        rules.apply(state, Event(3, kind, data, reading))


@pytest.mark.parametrize(("taken", "kept"), [(7200, True), (7201, False), (7206, False)])
def test_the_rules_alone_refuse_a_snapshot_begun_after_the_deadline(building, taken, kept):
    building.clock.advance(7205)
    data = {"part": "build", "taken": taken * SECOND, "manifest": {}}
    event = Event(3, "snapshot", data, building.clock.read())
    if kept:
        assert rules.apply(building.sitting.state, event).part("build").snapshots
    else:
        with pytest.raises(Refused, match="was over"):
            rules.apply(building.sitting.state, event)


def test_events_before_the_first_and_out_of_turn_are_refused(building):
    reading = building.clock.read()
    with pytest.raises(Refused, match="cannot come here"):
        rules.apply(State(), Event(1, "open", {"part": "build"}, reading))
    with pytest.raises(Refused, match="cannot come here"):
        rules.apply(building.sitting.state, Event(9, "open", {"part": "build"}, reading))


def test_a_new_boot_begins_by_attaching(building):
    building.clock.reboot()
    event = Event(3, "pause", {"part": "build", **WHY}, building.clock.read())
    with pytest.raises(Refused, match="attach"):
        rules.apply(building.sitting.state, event)


def test_the_rules_read_no_clock_and_no_file():
    for module in ("rules", "state", "chain"):
        text = Path(rules.__file__).with_name(f"{module}.py").read_text("utf-8")
        assert "import" in text
        assert not re.search(r"^(import|from) (os|time|pathlib|sqlite3|random)\b", text, re.M)
