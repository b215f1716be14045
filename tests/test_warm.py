"""Which exercises share a box, and how many boxes wait."""

from __future__ import annotations

from conftest import COURSE
from leftovers import ended, own

from grader import catalogue
from grader.model import Isolation, Level
from grader.warm import KEPT, Warm


def with_tmp(exercise, more_mb):
    limits = exercise.limits
    return exercise.model_copy(
        update={"limits": limits.model_copy(update={"tmp_mb": limits.tmp_mb + more_mb})}
    )


def test_below_the_strict_level_no_box_is_shared(softmax):
    for level in (Level.CONTAINER, Level.BASIC):
        with Warm(Isolation(level=level)) as warm:
            assert warm.box(softmax) is None


def test_exercises_that_need_the_same_share_a_box_with_limits_of_their_own(warm, softmax):
    slow = softmax.model_copy(
        update={"slug": "slow", "limits": softmax.limits.model_copy(update={"cpu_s": 99})}
    )
    box = warm.box(softmax)
    assert box.limits == softmax.limits
    assert warm.box(slow) is box and box.limits.cpu_s == 99
    trains = softmax.model_copy(update={"trains": True})
    others = [warm.box(trains), warm.box(with_tmp(trains, 1))]
    assert box is not others[0] is not others[1]
    assert warm.box(softmax) is box, "what comes back in turns finds its box"


def test_an_import_that_is_not_slow_needs_no_box_of_its_own(warm, softmax):
    def importing(name):
        rules = softmax.rules.model_copy(update={"imports": (*softmax.rules.imports, name)})
        return softmax.model_copy(update={"rules": rules})

    assert warm.box(softmax) is warm.box(importing("math"))
    assert warm.box(softmax) is not warm.box(importing("transformers"))


def test_few_boxes_wait_and_the_one_used_least_recently_ends(warm, softmax):
    kinds = [with_tmp(softmax, more) for more in range(KEPT)]
    boxes = [warm.box(each) for each in kinds]
    processes = [own(box) for box in boxes]
    assert warm.box(kinds[0]) is boxes[0]
    warm.box(with_tmp(softmax, KEPT))
    assert all(map(ended, processes[1]))
    assert warm.box(kinds[0]) is boxes[0] and warm.box(kinds[1]) is not boxes[1]


def test_all_boxes_end_with_the_run(isolation, warm, softmax):
    boxes = [warm.box(softmax), warm.box(with_tmp(softmax, 1))]
    processes = set().union(*map(own, boxes))
    assert processes
    warm.close()
    assert all(map(ended, processes))
    assert warm.box(softmax) not in boxes


def test_what_is_not_run_needs_none(warm):
    sums = catalogue.find(catalogue.load(COURSE), "sums")
    assert not sums.is_run and warm.box(sums) is None
