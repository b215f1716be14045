"""A GPU in the box: asked for by name, refused where there is none, never passed unseen."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from grader import box, bubblewrap, catalogue, engine
from grader.box import Box
from grader.model import Isolation, Level, Limits, Status, UsageError

ROOT = Path(__file__).parent.parent
NODES = (Path("/dev/nvidia0"), Path("/dev/nvidiactl"))


def bound(command):
    """What is bound as a device, in order."""
    return [after for word, after in pairwise(command) if word == "--dev-bind"]


@pytest.mark.parametrize(("device", "expected"), [("cpu", []), ("cuda", [*map(str, NODES)])])
def test_the_nodes_of_a_gpu_enter_the_strict_box_only_where_it_is_asked_for(
    monkeypatch, device, expected
):
    monkeypatch.setattr(bubblewrap, "gpus", lambda: NODES)
    command = Box(Isolation(level=Level.STRICT, device=device), Limits())._command(3, 4)
    assert bound(command) == expected
    # Nothing can be bound after /dev has become read-only.
    assert all(command.index(node) < command.index("--remount-ro") for node in expected)


def test_only_character_devices_count_as_a_gpu(tmp_path):
    (tmp_path / "nvidia0").touch()
    (tmp_path / "nvidia-caps").mkdir()
    assert bubblewrap.gpus(tmp_path) == ()


def test_a_gpu_that_is_not_there_is_wrong_usage(monkeypatch):
    monkeypatch.setattr(bubblewrap, "gpus", lambda: ())
    with pytest.raises(UsageError, match="leave out --device cuda"):
        box.isolation(Level.BASIC, "cuda")
    assert box.isolation(Level.BASIC).device == "cpu"


def test_a_verdict_names_the_device(monkeypatch):
    monkeypatch.setattr(bubblewrap, "gpus", lambda: NODES)
    assert box.isolation(Level.BASIC, "cuda").device == "cuda"


@pytest.mark.parametrize("slug", ["device_memory", "amp"])
def test_without_a_gpu_its_check_is_not_applicable_and_never_passed(slug):
    [exercise] = [each for each in catalogue.load(ROOT).exercises if each.slug == slug]
    reference = catalogue.read_submission(exercise.solution / "reference.py")
    verdict = engine.grade(
        exercise, reference, box.isolation(Level.BASIC), seed=1, only="check_on_a_gpu"
    )
    [gpu] = [each for each in verdict.outcomes if each.check == "check_on_a_gpu"]
    assert gpu.status is Status.NOT_APPLICABLE
    assert "--device cuda" in gpu.message
    assert verdict.worth(gpu) == verdict.score == 0
    assert not verdict.passed  # nothing else was asked
