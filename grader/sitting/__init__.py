"""One learner's exam: a log of events, exam time folded from clocks, snapshots of the work."""

from grader.sitting.clock import ManualClock, SystemClock
from grader.sitting.log import Log
from grader.sitting.sitting import Anchor, Sitting
from grader.sitting.state import Part, Refused, Snapshot, State

__all__ = [
    "Anchor",
    "Log",
    "ManualClock",
    "Part",
    "Refused",
    "Sitting",
    "Snapshot",
    "State",
    "SystemClock",
]
