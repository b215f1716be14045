"""Random sittings against a model that is written another way: docs/exam-reliability.md.

SITTING_RUNS and SITTING_STEPS ask for more than the short run of the suite.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from unittest import mock

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sample_sitting import FILE, KEY, WHY, Desk

from grader.model import GraderFault
from grader.sitting import ManualClock, Refused, State, log, rules, worktree
from grader.sitting.chain import unpack
from grader.sitting.clock import SECOND

BUDGET = {"build": 7200, "diagnose": 2700, "articulate": 900}
NAMES = list(BUDGET)
GRACE = 10
ROOMY = 1 << 30

parts = st.sampled_from(["", "", "", *NAMES])
"""A part by its name, or the one that was opened last."""
processes = st.integers(0, 1)
reasons = st.sampled_from(["fire alarm"] * 4 + ["", "  "])


@dataclass
class Life:
    """What should be true of one part, in whole seconds."""

    status: str = "locked"
    since: int = 0
    given: int = 0
    pauses: list[list[int]] = field(default_factory=list)
    """Since it was opened or reopened, and over."""
    pauses_ever: list[list[int]] = field(default_factory=list)
    grants: int = 0
    stretches: list[list[int]] = field(default_factory=list)
    saves: list[tuple[int, str]] = field(default_factory=list)
    closed: int = 0
    cause: str = ""

    def deadline(self) -> int:
        return self.since + self.given + sum(end - start for start, end in self.pauses)

    def last(self) -> str | None:
        return self.saves[-1][1] if self.saves else None

    def end(self, at: int, cause: str) -> None:
        self.status, self.closed, self.cause = "closed", at, cause
        self.stretches[-1][1] = at

    def graded(self) -> str | None:
        if self.status != "closed":
            return None
        return next((text for taken, text in reversed(self.saves) if taken <= self.closed), None)

    def used(self) -> int:
        """Seconds in which somebody could work."""
        paused = [pause for pause in self.pauses_ever if pause[1] is not None]
        return sum(b - a for a, b in self.stretches) - sum(b - a for a, b in paused)


class Random(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.sync = mock.patch.object(log, "SYNCHRONOUS", "OFF")
        self.sync.start()
        self.home = Path(mkdtemp(prefix="sitting-"))
        self.desk = Desk(self.home / "desk")
        self.two = [self.desk.sitting, self.desk.again()]
        self.lives = {name: Life(given=seconds) for name, seconds in BUDGET.items()}
        self.over = False
        self.texts = 0
        self.exam, self.true, self.untouched = 0, 0, True
        self.logged: list[tuple[int, int]] = []
        self.rows: list[tuple] = []
        self.before, self.left, self.granted = 0, None, False
        self.note()
        self.next(0)

    def teardown(self):
        if hasattr(self, "two"):
            for process in self.two:
                process.close()
            shutil.rmtree(self.home)
            self.sync.stop()

    # ---- the model

    @property
    def clock(self) -> ManualClock:
        return self.desk.clock

    def note(self):
        """Remember at what time each new event was written."""
        for row in self.two[0].log.rows(len(self.logged)):
            self.logged.append((json.loads(row.body)["clock"]["wall"] // SECOND, self.exam))

    def pass_time(self, seconds):
        self.note()
        self.clock.advance(seconds)
        self.exam += seconds
        self.true += seconds

    def active(self) -> Life | None:
        return next((x for x in self.lives.values() if x.status in ("open", "paused")), None)

    def named(self, part) -> str:
        return part or max(self.lives, key=lambda name: self.lives[name].since)

    def expire(self):
        part = self.active()
        if part and part.status == "open" and self.exam > part.deadline():
            part.end(part.deadline(), "expired")

    def command(self, allowed, call) -> bool:
        """One command, which must be refused exactly when the model says so."""
        try:
            call()
        except Refused as refusal:
            assert not allowed, f"refused: {refusal}"
            assert str(refusal).endswith(".")
        else:
            assert allowed, "not refused"
        self.note()
        return allowed

    def write(self, name) -> str:
        self.texts += 1
        self.desk.write(str(self.texts), name)
        return str(self.texts)

    # ---- time

    @rule(seconds=st.one_of(st.integers(0, 60), st.integers(0, 60), st.integers(300, 2000)))
    def advance(self, seconds):
        self.pass_time(seconds)

    @rule(hours=st.sampled_from([0, 0, 0, 1, 5]))
    def suspend(self, hours):
        self.pass_time(hours * 3600)

    @rule(part=parts, over=st.integers(-1, 11))
    def go_to_the_deadline(self, part, over):
        life = self.lives[self.named(part)]
        if life.status == "open" and (gap := life.deadline() + over - self.exam) > 0:
            self.pass_time(gap)

    @rule(seconds=st.integers(-90_000, 90_000))
    def set_the_wall_clock(self, seconds):
        self.clock.set_wall(seconds)
        self.untouched = self.untouched and seconds == 0

    @rule(who=processes)
    def restart(self, who):
        self.two[who].close()
        self.two[who] = self.desk.again()
        self.expire()
        self.note()

    @rule(
        down=st.integers(5, 900),
        up=st.integers(1, 90),
        shift=st.sampled_from([0, 0, 0, -90_000, -600, 600, 90_000]),
    )
    def reboot(self, down, up, shift):
        self.stop()
        self.clock.reboot(down, up)
        self.true += down + up
        self.set_the_wall_clock(shift)
        self.start(least=up)

    @rule(up=st.integers(1, 1_000_000), gap=st.integers(0, 600), other_machine=st.booleans())
    def move(self, up, gap, other_machine):
        self.stop()
        folder = self.home / f"place-{self.texts}-{len(self.logged)}"
        shutil.move(self.desk.folder, folder)
        self.desk.folder, self.desk.path, self.desk.work = (
            folder,
            folder / self.desk.path.name,
            folder / "work",
        )
        self.pass_time_unlogged(gap)
        if other_machine:
            self.desk.clock = self.clock.on(f"desk/{folder.name}", up)
            self.start(least=0)
        else:
            self.reopen_both()

    def pass_time_unlogged(self, seconds):
        self.clock.advance(seconds)
        self.exam += seconds
        self.true += seconds

    def stop(self):
        for process in self.two:
            process.close()

    def start(self, least):
        """Another boot: only the wall clock tells how long it took since the last event."""
        wall, exam = self.logged[-1]
        self.exam = exam + max(self.clock.read().wall_ns // SECOND - wall, least)
        self.reopen_both()

    def reopen_both(self):
        self.two = [self.desk.again(), self.desk.again()]
        self.expire()
        self.note()

    # ---- commands

    @rule(who=processes)
    def beat(self, who):
        self.expire()
        self.command(True, self.two[who].beat)

    @rule(who=processes, part=st.sampled_from(NAMES))
    def open(self, who, part):
        self.expire()
        life, place = self.lives[part], NAMES.index(part)
        first = all(self.lives[name].status == "closed" for name in NAMES[:place])
        allowed = life.status == "locked" and first and not self.active() and not self.over
        if self.command(allowed, lambda: self.two[who].open(part)):
            self.begin_part(life)

    @rule(who=processes)
    def next(self, who):
        self.expire()
        locked = next((x for x in self.lives.values() if x.status == "locked"), None)
        allowed = not self.active() and not self.over
        if self.command(allowed, self.two[who].next):
            if locked:
                self.begin_part(locked)
            else:
                self.over = True

    def begin_part(self, life):
        life.status, life.since = "open", self.exam
        life.grants += life.given
        life.stretches.append([self.exam, self.exam])

    @rule(
        who=processes,
        part=parts,
        lag=st.sampled_from([0, 0, 0, 1, 3, 9, 10, 11, 40]),
        meanwhile=st.sampled_from([None, None, None, "beat", "pause", "tick"]),
        new=st.booleans(),
    )
    def snapshot(self, who, part, lag, meanwhile, new):
        part = self.named(part)
        self.expire()
        self.two[who].tick()
        self.note()
        life, taken, real = self.lives[part], self.exam, worktree.collect
        if new or life.last() is None:
            text = self.write(part)
        else:
            text = (self.desk.work / FILE[part]).read_text()

        def slow(root, files):
            found = real(root, files)
            worktree.collect = real  # only this reading is slow
            self.pass_time(lag)
            self.other(1 - who, part, meanwhile)
            return found

        open_at_first = life.status == "open"
        with mock.patch.object(worktree, "collect", slow):
            try:
                kept = self.two[who].snapshot(part)
            except Refused:
                kept = "refused"
        changed = text != life.last()
        running = life.status == "open" or (life.cause == "expired" and life.status == "closed")
        in_time = taken <= life.deadline() and self.exam <= life.deadline() + GRACE
        if not open_at_first or (changed and not (running and in_time)):
            assert kept == "refused"
        elif not changed:
            assert kept is None
        else:
            assert kept.taken_ns == taken * SECOND
            life.saves.append((taken, text))
        if kept == "refused":
            self.expire()
        self.note()

    @rule(who=processes, seconds=st.lists(st.integers(1, 20), min_size=1, max_size=3))
    def autosave(self, who, seconds):
        """A few snapshots in a row, as the daemon takes them."""
        self.expire()
        self.command(True, self.two[who].tick)
        for each in seconds:
            active = self.active()
            if active is None or active.status != "open":
                return
            name = next(name for name, life in self.lives.items() if life is active)
            text = self.write(name)
            if self.command(True, lambda: self.two[who].snapshot(name)):
                active.saves.append((self.exam, text))
            self.pass_time(each)
            self.expire()
            self.command(True, self.two[who].tick)

    @rule(
        who=processes,
        over=st.sampled_from([-8, -1, 0, 1]),
        lag=st.sampled_from([0, 2, 9, 10, 11, 15, 19]),
        meanwhile=st.sampled_from([None, "tick"]),
    )
    def snapshot_around_the_deadline(self, who, over, lag, meanwhile):
        self.go_to_the_deadline("", over)
        self.snapshot(who, "", lag, meanwhile, True)

    def other(self, who, part, what):
        """What another process does while this one reads files."""
        self.expire() if what else None
        if what == "beat":
            self.command(True, self.two[who].beat)
        if what == "tick":
            self.command(True, self.two[who].tick)
        if what == "pause":
            self.pause(who, part, "fire alarm")

    @rule(who=processes, part=parts)
    def submit(self, who, part):
        part = self.named(part)
        self.expire()
        life, text = self.lives[part], self.write(part)
        if self.command(life.status == "open", lambda: self.two[who].submit(part)):
            life.saves.append((self.exam, text))
            life.end(self.exam, "submitted")

    @rule(who=processes, part=parts, seconds=st.integers(0, 1800), reason=reasons)
    def extend(self, who, part, seconds, reason):
        part = self.named(part)
        self.expire()
        life = self.lives[part]
        allowed = life.status != "closed" and bool(reason.strip()) and seconds and not self.over
        call = lambda: self.two[who].extend(part, seconds, "Dr Hill", reason)  # noqa: E731
        if self.command(bool(allowed), call):
            life.given += seconds
            life.grants += seconds if life.status != "locked" else 0
            self.granted = True

    @rule(who=processes, part=parts, reason=reasons)
    def pause(self, who, part, reason):
        part = self.named(part)
        self.expire()
        life = self.lives[part]
        allowed = life.status == "open" and bool(reason.strip())
        if self.command(allowed, lambda: self.two[who].pause(part, "Dr Hill", reason)):
            life.status = "paused"
            life.pauses_ever.append([self.exam, None])

    @rule(who=processes, part=parts, reason=reasons)
    def resume(self, who, part, reason):
        part = self.named(part)
        self.expire()
        life = self.lives[part]
        allowed = life.status == "paused" and bool(reason.strip())
        if self.command(allowed, lambda: self.two[who].resume(part, "Dr Hill", reason)):
            life.status = "open"
            life.pauses_ever[-1][1] = self.exam
            life.pauses.append(life.pauses_ever[-1])
            self.granted = True

    @rule(who=processes, part=parts, seconds=st.integers(0, 900), reason=reasons)
    def reopen(self, who, part, seconds, reason):
        part = self.named(part)
        self.expire()
        life = self.lives[part]
        signed = bool(reason.strip()) and seconds > 0
        allowed = life.status == "closed" and signed and not self.active() and not self.over
        call = lambda: self.two[who].reopen(part, seconds, "Dr Hill", reason)  # noqa: E731
        if self.command(allowed, call):
            life.status, life.cause, life.pauses = "open", "", []
            life.since, life.given = self.exam, seconds
            life.grants += seconds
            life.stretches.append([self.exam, self.exam])
            self.granted = True

    @rule(who=processes, sure=st.integers(0, 19))
    def end(self, who, sure):
        if sure:  # seldom, or there would be little left to see
            return
        self.expire()
        active = self.active()
        if self.command(not self.over, lambda: self.two[who].end(**WHY)):
            self.over = True
            if active:
                if active.status == "paused":
                    active.pauses_ever[-1][1] = self.exam
                active.end(self.exam, "ended_by_staff")

    @rule(who=processes, part=parts)
    def disk_full(self, who, part):
        part = self.named(part)
        self.expire()
        process, life = self.two[who], self.lives[part]
        process.tick()
        self.note()
        pages = process.log._db.execute("PRAGMA page_count").fetchone()[0]
        process.log._db.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        noise = random.Random(self.texts).randbytes(40_000).hex()
        self.texts += 1
        (self.desk.work / FILE[part]).write_text(noise)
        seq, state = process.log.seq, process.state
        try:
            process.snapshot(part)
            raise AssertionError("a full disk took it")
        except GraderFault as fault:
            assert life.status == "open" and "Free some space" in str(fault)
        except Refused:
            assert life.status != "open"
        assert (process.log.seq, process.state) == (seq, state)
        process.log._db.execute(f"PRAGMA max_page_count = {ROOMY}").fetchall()
        text = self.write(part)
        if self.command(life.status == "open", lambda: process.snapshot(part)):
            life.saves.append((self.exam, text))

    # ---- what always holds

    @invariant()
    def the_log_only_grows_and_is_sound(self):
        held = self.two[0].log.contents()
        assert held.rows[: len(self.rows)] == self.rows
        self.rows = held.rows
        assert self.two[1].log.verify(KEY) == []

    @invariant()
    def exam_time_never_goes_back_and_is_true_while_the_clock_is(self):
        for process in self.two:
            now = process.state.now(self.clock.read())
            assert now == self.exam * SECOND
            assert now >= process.state.now_ns
        times = (
            [
                rules.fold([*self.events(n)]).now_ns
                for n in range(len(self.rows) - 2, len(self.rows) + 1)
            ]
            if len(self.rows) > 2
            else []
        )
        assert times == sorted(times)
        assert self.exam >= self.before
        self.before = self.logged[-1][1]
        if self.untouched:
            assert self.exam == self.true

    def events(self, count=None):
        return (unpack(row.body)[0] for row in self.rows[:count])

    @invariant()
    def one_part_at_most_is_open_and_they_come_in_order(self):
        state = self.state()
        assert sum(part.status in ("open", "paused") for part in state.parts) <= 1
        started = [part.status != "locked" for part in state.parts]
        assert started == sorted(started, reverse=True)

    @invariant()
    def the_state_is_the_fold_of_the_events_and_the_model_agrees(self):
        for process in self.two:
            assert rules.fold(self.events(process.log.seq)) == process.state
        for part in self.state().parts:
            life = self.lives[part.name]
            assert (part.status, part.reason) == (life.status, life.cause)
            if part.status == "open":
                assert part.deadline_ns == life.deadline() * SECOND
            assert self.graded(part) == life.graded()

    def state(self) -> State:
        return max((process.state for process in self.two), key=lambda state: state.seq)

    def graded(self, part) -> str | None:
        if part.submitted is None:
            return None
        (sha,) = part.submitted.manifest.values()
        return self.two[0].log.blob(sha).decode()

    @invariant()
    def time_left_rises_only_by_a_grant(self):
        active = self.state().active
        now = self.exam * SECOND
        left = (active.name, active.remaining_ns(now)) if active else None
        if left and self.left and left[0] == self.left[0] and not self.granted and self.untouched:
            assert left[1] <= self.left[1]
        self.left, self.granted = left, False

    @invariant()
    def nobody_works_longer_than_was_granted(self):
        for part in self.state().parts:
            life = self.lives[part.name]
            if part.status == "closed":
                assert part.closed_ns == life.closed * SECOND
                assert life.used() <= life.grants

    @invariant()
    def every_decision_of_staff_has_an_author_and_a_reason(self):
        for event in self.events():
            if event.kind in {"extend", "pause", "resume", "reopen", "accept_late", "void"}:
                assert event.data["by"].strip() and event.data["reason"].strip()


Random.TestCase.settings = settings(
    max_examples=int(os.environ.get("SITTING_RUNS", 25)),
    stateful_step_count=int(os.environ.get("SITTING_STEPS", 40)),
    deadline=None,
    derandomize="SITTING_RUNS" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)
test_random_sittings_agree_with_the_model = Random.TestCase
