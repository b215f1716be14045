"""Numbers of one's own: the seed of a learner, and the questions drawn from it."""

from __future__ import annotations

import hmac
import importlib.util
import os
import sys
from hashlib import sha256
from typing import Any

import numpy as np

from grader.model import Exercise

SELF_STUDY_KEY = "self-study"


def personal_seed(exercise: Exercise, learner: str) -> int:
    """HMAC-SHA256 of learner and exercise under the course key, as a 31-bit integer."""
    key = os.environ.get("GRADER_COURSE_KEY", SELF_STUDY_KEY)
    name = f"{learner if exercise.personal else ''}|{exercise.slug}"
    return int.from_bytes(hmac.new(key.encode(), name.encode(), sha256).digest()[:4]) >> 1


def inside(seed: int) -> int:
    """The seed of the generators in the box; it does not tell the seed of the hidden inputs."""
    return int.from_bytes(sha256(f"inside|{seed}".encode()).digest()[:4]) >> 1


def questions(exercise: Exercise, seed: int) -> dict[str, Any]:
    """The questions of a personal exercise, drawn for this seed; our own file, run out here."""
    path = exercise.folder / "questions.py"
    if not path.exists():
        return {}
    spec = importlib.util.spec_from_file_location(f"questions_of_{exercise.slug}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    drawn: dict[str, Any] = module.draw(np.random.Generator(np.random.PCG64(seed)))
    return drawn
