"""A class graded by the workers of a Dask cluster; this process alone records the results.

Theory of operation. A work is handed to the cluster as bytes and comes back as a verdict's JSON.
In a worker, slots do what they do on one machine: a submission that ends its slot is a result, told
like any other. A worker that is unfit (no slot starts there, another course, other data) says so:
its work goes to the others, and it is given no more. A worker that dies is Dask's affair, which
gives its work to another. A work is recorded once, when it first comes back.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from grader.bulk import supervisor
from grader.bulk.intake import Work
from grader.bulk.supervisor import Done, Slot
from grader.ledger import digest
from grader.model import GraderFault, UsageError, Verdict

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S = 20
AHEAD = 4
"""Works at the cluster for each that is graded there at once."""
TICK_S = 2
PATIENCE_S = 300
"""How long no fit worker is waited for; a cluster may still be growing."""
IDLE_S = 60
"""After so long without work a slot in a worker ends."""


def grade(
    works: Iterable[Work], scheduler: str, command: Sequence[str], rests: Mapping[str, str]
) -> Generator[Done, None, None]:
    """Grade all; yields each as soon as it is done. Closing the iterator recalls what waits.

    Args:
        command  of a slot; each worker puts its own Python before it
        rests    by exercise, the digest of what its verdicts must rest on
    Raises: UsageError where there is no cluster; GraderFault where it is gone or none is fit.
    """
    left = iter(works)
    with _connected(scheduler) as client:
        run = _Run(client, tuple(command[1:]), rests)
        try:
            while True:
                while run.has_room() and (work := next(left, None)):
                    if told := run.hand_over(work):
                        yield told
                if not run.futures:
                    return
                yield from run.come_back()
        except OSError as error:
            raise _gone(str(error)) from None
        finally:
            run.recall()


class _Run:
    """What is at the cluster now."""

    def __init__(self, client: Client, command: tuple[str, ...], rests: Mapping[str, str]) -> None:
        self.client, self.command, self.rests = client, command, rests
        self.futures: dict[Any, tuple[Future[Any], Work, set[str]]] = {}
        """By key: the work, and the only workers that may have it; none named are all."""
        self.done: SimpleQueue[Future[Any]] = SimpleQueue()
        self.unfit: dict[str, str] = {}
        self.seen = time.monotonic()

    def has_room(self) -> bool:
        threads: dict[str, int] = self.client.nthreads()
        return len(self.futures) < AHEAD * max(1, sum(threads.values()))

    def fit(self) -> set[str]:
        """The workers that are there and not unfit. Raises: GraderFault where none is."""
        there = set(self.client.nthreads())
        fit = there - set(self.unfit)
        if fit:
            self.seen = time.monotonic()
        elif there and self.unfit:
            raise GraderFault(f"no worker is fit: {'; '.join(sorted(self.unfit.values()))}.")
        elif time.monotonic() - self.seen > PATIENCE_S:
            raise GraderFault(
                f"the cluster has had no worker for {PATIENCE_S} s; start some and run it again."
            )
        return fit

    def hand_over(self, work: Work) -> Done | None:
        """Give a work to the cluster; one that cannot be read is done already."""
        try:
            asked = supervisor.question(work)
        except UsageError as error:
            return supervisor.changed(work, error)
        only = self.fit() if self.unfit else set()
        rests = self.rests[work.exercise.slug]
        future = self.client.submit(
            ask, self.command, asked, rests, pure=False, workers=sorted(only) or None
        )
        self.futures[future.key] = future, work, only
        future.add_done_callback(self.done.put)
        return None

    def come_back(self) -> Iterator[Done]:
        """What came back within a moment."""
        try:
            future = self.done.get(timeout=TICK_S)
        except Empty:
            there = self.fit()
            for key, (waiting, work, only) in list(self.futures.items()):
                if only and not only & there:  # all that may have it are gone
                    del self.futures[key]
                    waiting.cancel()
                    yield from filter(None, [self.hand_over(work)])
            return
        if future.key in self.futures:
            _, work, _ = self.futures.pop(future.key)
            told = self._told(future, work) or self.hand_over(work)
            yield from filter(None, [told])

    def _told(self, future: Future[Any], work: Work) -> Done | None:
        """What came of a work; None where it must go to another worker."""
        if future.status == "cancelled":
            raise _gone("it forgot what it was given")
        if future.status != "finished":
            return Done(work, None, f"the cluster failed on it: {future.exception()}")
        answer = future.result()
        if "unfit" in answer:
            self.unfit[answer["worker"]] = answer["unfit"]
            return None
        if "fault" in answer:
            return Done(work, None, answer["fault"])
        return Done(work, Verdict.model_validate_json(answer["verdict"]))

    def recall(self) -> None:
        for future, _, _ in self.futures.values():
            future.cancel()


@contextmanager
def _connected(scheduler: str) -> Iterator[Client]:
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise UsageError(
            "a cluster needs Dask; install it: pip install 'torch-grader[cluster]'."
        ) from None
    if scheduler.startswith("tls://") and not dask.config.get("distributed.comm.tls.ca-file"):
        raise UsageError(
            f"{scheduler} needs certificates; name them in Dask's configuration, as in"
            " docs/instructor.md."
        )
    try:
        client = Client(scheduler, timeout=CONNECT_S, set_as_default=False, name="grade-bulk")
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        reason = (str(error).splitlines() or [""])[0].rstrip(".")
        raise UsageError(
            f"no cluster answers at {scheduler} ({reason}); start `dask scheduler` there."
        ) from None
    with client:
        yield client


def _gone(reason: str) -> GraderFault:
    return GraderFault(
        f"the cluster is gone: {reason.rstrip('.')}. What is graded is kept; run it again."
    )


# From here on: in a worker.

_lock = threading.Lock()
_idle: dict[tuple[str, ...], list[Slot]] = {}
"""Slots without work, by their command line."""


def ask(command: tuple[str, ...], question: dict[str, Any], rests: str) -> dict[str, Any]:
    """Grade one submission in a slot of this worker.

    Returns: `verdict`, its JSON; or `fault`, of this submission; or `unfit` and `worker`, why this
    worker can grade none.
    """
    from distributed import get_worker

    here = get_worker().address
    slot = _taken(command)
    try:
        answer = supervisor.answered(slot, question)
    except GraderFault as fault:
        return {"worker": here, "unfit": f"{here}: {_told_of(here, str(fault)).rstrip('.')}"}
    _put_back(command, slot)
    if "fault" in answer:
        return {"fault": _told_of(here, answer["fault"])}
    verdict = Verdict.model_validate_json(answer["verdict"])
    if verdict.exit_code != 3 and digest(verdict.hashes) != rests:
        return {"worker": here, "unfit": f"{here} has another course or other data"}
    return answer


def _told_of(worker: str, fault: str) -> str:
    return fault.replace("slots.log", f"the log of {worker}")


def _taken(command: tuple[str, ...]) -> Slot:
    with _lock:
        slots = _idle.setdefault(command, [])
        return slots.pop() if slots else Slot([sys.executable, *command], None)


def _put_back(command: tuple[str, ...], slot: Slot) -> None:
    """Kept warm for a while, whether or not the client is still there."""
    with _lock:
        _idle[command].append(slot)
    timer = threading.Timer(IDLE_S, _retire, (command, slot))
    timer.daemon = True
    timer.start()


def _retire(command: tuple[str, ...], slot: Slot) -> None:
    """End a slot if it has no work; it may have had some since the timer was set."""
    with _lock:
        if slot not in _idle[command]:
            return
        _idle[command].remove(slot)
    slot.close()
