"""The Dockerfile, as far as it can be tried without docker: what it copies is there and enough."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", "")
LINES = [line.split(None, 1) for line in TEXT.splitlines() if line and line[0] != "#"]
GUIDE = (ROOT / "docs/container.md").read_text("utf-8")
IGNORED = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
SENT = {line[1:] for line in IGNORED if line.startswith("!")}


def all_of(word):
    return [rest for name, rest in LINES if name == word]


def copied():
    """The files and folders that it copies from here."""
    return [name for rest in all_of("COPY") for name in rest.split()[:-1]]


def test_what_it_copies_is_there_and_is_sent_to_docker():
    assert len(copied()) == 6
    assert all((ROOT / name).exists() for name in copied())
    assert set(copied()) == SENT


def test_nothing_else_is_sent_and_no_solution_is():
    assert [line for line in IGNORED if line[:1] not in "!#"] == ["*", "**/__pycache__"]
    assert not SENT & {"solutions", "tests", ".git", "."}


def test_the_package_can_be_built_from_what_it_copies(tmp_path):
    for name in copied():
        source, target = ROOT / name, tmp_path / "context" / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "-w", tmp_path, tmp_path / "context"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "grader/course/exercises/course.yaml" in names
    assert not [name for name in names if name.endswith("hints.md") and "template" not in name]


def test_it_ends_as_the_ordinary_user_that_the_guide_starts():
    (user,) = all_of("USER")
    assert user == "1000:1000" and f"--user {user}" in GUIDE
    assert any("useradd --uid 1000" in rest for rest in all_of("RUN"))
    place = [name for name, _ in LINES].index("USER")
    assert not [name for name, _ in LINES[place:] if name in ("RUN", "COPY", "ADD")]


def test_it_works_where_the_guide_mounts_the_course_and_home_can_be_written():
    assert all_of("WORKDIR")[-1] == "/work" and "--workdir /work" in GUIDE
    assert "HOME=/tmp" in all_of("ENV")[0] and "--tmpfs /tmp" in GUIDE


def test_python_is_one_that_the_package_supports():
    version = re.fullmatch(r"python:(3\.\d+)-slim", all_of("FROM")[0])[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    low, high = re.findall(r"3\.(\d+)", project["requires-python"])
    assert int(low) <= int(version.split(".")[1]) < int(high)


def test_the_box_comes_from_the_same_packages_everywhere():
    packages = "bubblewrap libseccomp2 util-linux"
    install = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    assert packages in all_of("RUN")[0]
    assert packages in (ROOT / "tools/setup.sh").read_text("utf-8")
    assert any(packages in step.get("run", "") for step in install)


def test_torch_is_the_cpu_build_of_the_tested_version():
    torch = next(rest for rest in all_of("RUN") if "torch" in rest)
    assert "PIP_EXTRA_INDEX_URL?" in torch and "--build-arg PIP_EXTRA_INDEX_URL" in GUIDE
    found = subprocess.run(
        ["grep", "^torch==", "constraints.txt"], cwd=ROOT, capture_output=True, text=True
    )
    assert found.stdout.startswith("torch==2.") and found.stdout.count("\n") == 1


@pytest.mark.parametrize("command", all_of("RUN"))
def test_its_commands_are_sound_shell(command):
    assert subprocess.run(["sh", "-n"], input=command, text=True).returncode == 0


def test_the_build_stops_where_no_index_is_named():
    (torch,) = (rest for rest in all_of("RUN") if "torch==" in rest)
    guard = torch.partition("&&")[0]
    assert subprocess.run(["sh", "-c", guard], env={}, capture_output=True).returncode != 0
    named = {"PIP_EXTRA_INDEX_URL": "https://example.org"}
    assert subprocess.run(["sh", "-c", guard], env=named).returncode == 0


def test_the_guide_says_that_it_was_not_built():
    assert "It was not built yet" in GUIDE
