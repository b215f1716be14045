"""N slots that grade a class: each is a child process, replaced when it dies.

Theory of operation. A thread for each slot takes the next work, hands it to its child and waits.
Work is ordered by exercise, so that a child's warm box serves many. A child that dies over a
submission is replaced and the submission tried once more; then it is a fault of that submission
alone. The children die with this process, and their boxes with them.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, NamedTuple

from grader.bulk import intake
from grader.bulk.intake import Work
from grader.model import GraderFault, Isolation, UsageError, Verdict

RECYCLE = 200
"""Submissions that one child grades, so that nothing piles up in it."""
TRIES = 2
GOODBYE_S = 10


class Done(NamedTuple):
    """What came of one work."""

    work: Work
    verdict: Verdict | None
    fault: str = ""
    """Why there is no verdict."""


def command(course: Path, isolation: Isolation) -> list[str]:
    """The command line of a slot."""
    return [sys.executable, "-P", "-m", "grader.bulk.slot", str(course), isolation.level.value]


def grade(
    works: Iterable[Work], slots: int, command: Sequence[str], log: IO[bytes]
) -> Generator[Done, None, None]:
    """Grade all; yields each as soon as it is done. Closing the iterator ends the slots.

    Args: command, of a slot; log, what the slots have to say besides.
    Raises: GraderFault where a slot does not start.
    """
    left, lock = iter(works), threading.Lock()
    room = threading.Semaphore(slots + 1)  # so few may be graded and not taken yet
    done: SimpleQueue[Done | BaseException | None] = SimpleQueue()
    all_slots = [Slot(command, log) for _ in range(slots)]

    def following() -> Work | None:
        room.acquire()
        with lock:
            return next(left, None)

    def serve(slot: Slot) -> None:
        try:
            while work := following():
                done.put(_done(slot, work))
            slot.close()
            done.put(None)
        except BaseException as error:
            done.put(error)

    threads = [threading.Thread(target=serve, args=(each,), daemon=True) for each in all_slots]
    for thread in threads:
        thread.start()
    try:
        for _ in threads:
            while one := done.get():
                if isinstance(one, BaseException):
                    raise one
                yield one
                room.release()
    finally:
        with lock:
            left = iter(())
        for slot in all_slots:
            room.release()
            slot.kill()
        for thread in threads:
            thread.join()


def question(work: Work) -> dict[str, Any]:
    """What a slot is asked. Raises: UsageError if the file can no longer be read."""
    submission = intake.read(work.file)
    return {
        "learner": work.learner,
        "exercise": work.exercise.slug,
        "name": submission.name,
        "note": submission.note,
        "content": base64.b64encode(submission.content).decode(),
    }


def answered(slot: Slot, question: dict[str, Any]) -> dict[str, Any]:
    """A verdict as JSON text, or a fault: a submission that ends its slot is tried once more.

    Raises: GraderFault where no slot starts; Ended.
    """
    answer: dict[str, Any] = {}
    for _ in range(TRIES):
        answer = slot.ask(question)
        if "verdict" in answer:
            break
    return answer


def _done(slot: Slot, work: Work) -> Done:
    try:
        asked = question(work)
    except UsageError as error:
        return changed(work, error)
    answer = answered(slot, asked)
    if "verdict" in answer:
        return Done(work, Verdict.model_validate_json(answer["verdict"]))
    return Done(work, None, answer["fault"])


def changed(work: Work, error: UsageError) -> Done:
    """A file that cannot be read any more."""
    return Done(work, None, f"it changed meanwhile: {error}")


class Ended(Exception):
    """The slot was killed by us."""


class Slot:
    """One child at a time; used by one thread, and killed by another.

    Args: log, for what the child has to say; without one it goes where ours goes.
    """

    def __init__(self, command: Sequence[str], log: IO[bytes] | None) -> None:
        self._command, self._log = command, log
        self._child: subprocess.Popen[bytes] | None = None
        self._asked = 0
        self._ended = False
        self._lock = threading.Lock()

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """The answer of the child; a fault where it dies over the question.

        Raises: GraderFault where no child starts; Ended after `kill`.
        """
        if self._asked >= RECYCLE:
            self.close()
        child = self._child or self._start()
        self._asked += 1
        return self._exchange(child, question) or self._bury(child)

    def close(self) -> None:
        """Let the child end by itself, which it does when nothing more can come."""
        if self._child:
            assert self._child.stdin and self._child.stdout
            with suppress(BrokenPipeError):
                self._child.stdin.close()
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(GOODBYE_S)
            self._bury(self._child)

    def kill(self) -> None:
        """End the child and start no other."""
        with self._lock:
            self._ended = True
            if child := self._child:
                child.kill()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._ended:
                raise Ended
            try:
                child = self._child = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._log,
                    start_new_session=True,  # an interrupt from the keyboard is for us alone
                )
            except OSError as error:
                raise GraderFault(f"a slot could not be started: {error.strerror}.") from None
        self._asked = 0
        if not self._exchange(child, None):
            fault = self._bury(child)["fault"]
            raise GraderFault(f"a slot did not start: {fault}.")
        return child

    def _exchange(
        self, child: subprocess.Popen[bytes], question: dict[str, Any] | None
    ) -> dict[str, Any]:
        """Send a question, if there is one, and read a line; empty where the child has died."""
        assert child.stdin and child.stdout
        with suppress(BrokenPipeError):
            if question:
                child.stdin.write(json.dumps(question).encode() + b"\n")
                child.stdin.flush()
        line = child.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line.endswith(b"\n") else {}
        return answer

    def _bury(self, child: subprocess.Popen[bytes]) -> dict[str, Any]:
        child.kill()
        code = child.wait()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                assert pipe
                pipe.close()
        self._child = None
        if self._ended:
            raise Ended
        how = f"signal {-code}" if code < 0 else f"code {code}"
        return {"fault": f"the process that graded it ended with {how}; slots.log may say why"}
