"""What `pip install` gives a learner: the public half of the course, and nothing of the other."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*command, "-w", place, ROOT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = place.glob("*.whl")
    return found


def test_a_wheel_contains_no_solutions(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    private = ("solutions/", "tests/", "checks.py", "hints.md", "mistakes/", "accepted/")
    ours = [name for name in names if not name.startswith("grader/template/")]
    assert not [name for name in ours if any(word in name for word in private)]
    references = {path.read_bytes() for path in (ROOT / "solutions").rglob("reference.py")}
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in names if archive.read(name) in references]


def test_a_wheel_contains_the_whole_public_half(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    public = [p for p in (ROOT / "exercises").rglob("*") if p.is_file() and "__py" not in str(p)]
    assert public and all(
        f"grader/course/{p.relative_to(ROOT).as_posix()}" in names for p in public
    )


def test_an_installed_grader_makes_a_workspace_and_grades_its_examples(wheel, tmp_path):
    place = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(place)

    def grade(*words):
        return subprocess.run(
            [sys.executable, "-P", "-m", "grader", *words],
            cwd=tmp_path / "work" if (tmp_path / "work").exists() else tmp_path,
            env={**os.environ, "PYTHONPATH": str(place)},
            capture_output=True,
            text=True,
        )

    assert grade("init", "work").returncode == 0
    file = tmp_path / "work/attention/sdpa_masks.py"
    file.write_bytes((ROOT / "solutions/attention/sdpa_masks/reference.py").read_bytes())
    done = grade("sdpa_masks")
    assert "sdpa_masks: EXAMPLES HOLD" in done.stdout, done.stderr
    assert "hidden checks are not in this kit" in done.stdout
