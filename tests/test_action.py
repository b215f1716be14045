"""action.yml: a sound action by GitHub's metadata syntax, whose steps do what its guide says.

The steps are run by bash as GitHub's runner does it, with our own files in place of the runner's.
What installs (apt, pip, AppArmor) is played by programs that note how they were called.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from junitparser import JUnitXml

from grader import catalogue

ROOT = Path(__file__).parent.parent
COURSE = ROOT / "docs/example_course"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS = ACTION["runs"]["steps"]
FETCH, INSTALL, GRADE = (step for step in STEPS if "run" in step)
TOKEN = "ghs_NotForSubmissions"
EXERCISE = catalogue.load(COURSE).exercises[1]

TEXT = {"type": "string", "minLength": 1}
NAMED = {"propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_-]*$"}, "type": "object"}
STEP = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("name", "id", "if", "run", "uses", "working-directory"), TEXT),
        "shell": {"enum": ["bash", "pwsh", "python", "sh", "cmd", "powershell"]},
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
        "with": {"type": "object"},
        "continue-on-error": {"type": "boolean"},
    },
    "oneOf": [{"required": ["run", "shell"]}, {"required": ["uses"]}],
}
METADATA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "description", "runs"],
    "properties": {
        **dict.fromkeys(("name", "author", "description"), TEXT),
        "inputs": NAMED
        | {
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["description"],
                "properties": {
                    "description": TEXT,
                    "required": {"type": "boolean"},
                    "default": {"type": "string"},
                    "deprecationMessage": TEXT,
                },
            }
        },
        "outputs": NAMED
        | {
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "required": ["description", "value"],
                "properties": {"description": TEXT, "value": TEXT},
            }
        },
        "runs": {
            "type": "object",
            "additionalProperties": False,
            "required": ["using", "steps"],
            "properties": {"using": {"const": "composite"}, "steps": {"items": STEP}},
        },
        "branding": {"type": "object"},
    },
}
"""Of composite actions. Source: Metadata syntax reference, in GitHub's documentation."""


def test_the_metadata_keep_githubs_syntax():
    jsonschema.Draft202012Validator(METADATA).validate(ACTION)


def test_every_input_is_used_and_every_used_one_is_declared():
    used = re.findall(r"inputs\.([a-z]+)", json.dumps(STEPS))
    assert set(used) == set(ACTION["inputs"]) == {"exercises", "course", "files", "sandbox"}


def test_outputs_and_steps_are_there_that_others_name():
    named = re.findall(r"steps\.([a-z]+)\.outputs", json.dumps(ACTION))
    assert set(named) <= {step.get("id") for step in STEPS}


@pytest.mark.parametrize("step", [FETCH, INSTALL, GRADE], ids=lambda step: step["name"])
def test_no_text_of_others_is_pasted_into_a_script(step):
    """A branch named `$(...)` would be run; the environment carries it as what it is."""
    assert "${{" not in step["run"]
    assert subprocess.run(["bash", "-n"], input=step["run"], text=True).returncode == 0


def test_only_the_step_that_fetches_knows_a_token():
    knowing = [step for step in STEPS if re.search(r"token|secrets", json.dumps(step), re.I)]
    assert knowing == [FETCH]
    assert not re.search(r"\b(python|pip|grade|sh|source|make)\b(?! /)", FETCH["run"])


class Runner:
    """A machine of GitHub's, as far as a step sees it."""

    def __init__(self, folder):
        self.folder, self.temp = folder, folder / "temp"
        self.workspace, self.fakes = folder / "workspace", folder / "fakes"
        for each in (self.temp, self.workspace, self.fakes):
            each.mkdir()
        self.summary, self.output = folder / "summary.md", folder / "output"

    def step(self, step, code=0, **env):
        """What a step prints. Args: env, what GitHub would have filled in."""
        known = {
            "PATH": f"{self.fakes}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "RUNNER_TEMP": str(self.temp),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_SERVER_URL": f"file://{self.folder}",
            "GITHUB_REPOSITORY": "remote",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.output),
        }
        names = {name for name in step["env"] if name not in env}
        assert not names, f"{names} are given by nobody"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=known | env,
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == code, done
        return done.stdout

    def fake(self, name, script):
        path = self.fakes / name
        path.write_text(f"#!/bin/bash\n{script}\n")
        path.chmod(0o755)


@pytest.fixture
def runner(tmp_path):
    return Runner(tmp_path)


class Remote:
    """The repository at GitHub: a course, and what pull requests add."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self._git("init", "-q", "-b", "main")
        self._git("config", "uploadpack.allowAnySHA1InWant", "true")  # as GitHub's does
        self.base = self.commit({"README.md": "a course"}, course=True)

    def _git(self, *words):
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        command = ["git", "-C", str(self.folder), *who, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, files, course=False):
        if course:
            for half in ("exercises", "solutions"):
                subprocess.run(["cp", "-r", COURSE / half, self.folder], check=True)
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._git("add", "-A")
        self._git("commit", "-q", "-m", "all", "--allow-empty")
        return self._git("rev-parse", "HEAD")


@pytest.fixture
def remote(runner):
    return Remote(runner.folder / "remote")


def answer(name):
    path = EXERCISE.solution / name
    return catalogue.source(EXERCISE, path)


def fetch(runner, remote, head, code=0, **inputs):
    given = {"EXERCISES": "trapezoid", "COURSE": ".", "FILES": ".", "TOKEN": TOKEN} | inputs
    return runner.step(FETCH, code, BASE=remote.base, HEAD=head, **given)


def grade(runner, isolation, code):
    place = runner.temp / "grader/venv/bin"
    place.mkdir(parents=True)
    (place / "grade").write_text(f'#!/bin/sh\nexec {sys.executable} -P -m grader "$@"\n')
    (place / "grade").chmod(0o755)
    return runner.step(GRADE, code, SANDBOX=isolation.level.value, GRADER_LEARNER="ada")


def test_a_wrong_answer_is_marked_on_its_line_and_ends_red(runner, remote, isolation):
    wrong = answer("mistakes/never_refuses.yaml").replace("total * h", "undefined * h")
    fetch(runner, remote, remote.commit({"ada/trapezoid.py": wrong}))
    said = grade(runner, isolation, code=1)
    line = wrong.splitlines().index("    return undefined * h") + 1
    assert f"::error file=ada/trapezoid.py,line={line},title=" in said
    assert said.count("::stop-commands::") == 1
    assert "trapezoid" in runner.summary.read_text()
    reports = Path(runner.output.read_text().strip().partition("reports=")[2])
    assert JUnitXml.fromfile(str(reports / "junit.xml")).tests > 5
    verdict = json.loads((reports / "verdict.json").read_text())
    assert '"learner": "ada"' in json.dumps(verdict)
    assert (reports / "report.html").exists()


def test_a_right_answer_ends_green_wherever_it_lies(runner, remote, isolation):
    fetch(runner, remote, remote.commit({"work/numbers/trapezoid.py": answer("reference.py")}))
    assert "::error" not in grade(runner, isolation, code=0)


def test_checks_that_a_pull_request_changes_are_not_used(runner, remote, isolation):
    """The course comes from the base, so nobody passes by checks of one's own."""
    easy = 'def check_nothing(submission):\n    """Anything is right."""\n'
    files = {f"solutions/numbers/trapezoid/{name}.py": easy for name in ("checks", "reference")}
    files["trapezoid.py"] = answer("mistakes/whole_ends.yaml")
    fetch(runner, remote, remote.commit(files))
    grade(runner, isolation, code=1)
    assert "check_nothing" not in (runner.temp / "grader/reports/verdict.json").read_text()


def test_a_course_that_is_there_already_is_taken(runner, remote):
    """Its hidden half may come from a private repository."""
    private = runner.workspace / "private"
    private.mkdir()
    subprocess.run(["cp", "-r", COURSE / "exercises", private], check=True)
    fetch(runner, remote, remote.commit({"trapezoid.py": "x"}), COURSE="private")
    assert (runner.temp / "grader/course").resolve() == private


def test_nothing_but_the_named_file_is_taken_and_no_link_is_followed(runner, remote):
    (remote.folder / "ada").mkdir()
    (remote.folder / "ada/trapezoid.py").symlink_to("/etc/passwd")
    head = remote.commit({"conftest.py": "x", "ada/sitecustomize.py": "x", ".grader/course": "/"})
    fetch(runner, remote, head)
    taken = runner.temp / "grader/submission"
    assert [p for p in taken.rglob("*") if p.is_file()] == [taken / "ada/trapezoid.py"]
    assert not (taken / "ada/trapezoid.py").is_symlink()
    assert (taken / "ada/trapezoid.py").read_text() == "/etc/passwd"


@pytest.mark.parametrize(
    ("files", "inputs", "said"),
    [
        ([], {}, "0 files for trapezoid in ."),
        (["a/trapezoid.py", "b/trapezoid.ipynb"], {}, "2 files for trapezoid in ."),
        (["a/trapezoid.py"], {"FILES": "b"}, "0 files for trapezoid in b"),
        (["a/$(touch x)/trapezoid.py"], {}, "0 files for trapezoid in ."),
        (["a/trapezoid.py.txt", "a/mytrapezoid.py"], {}, "0 files for trapezoid in ."),
        (["trapezoid.py"], {"EXERCISES": ""}, "Name the exercises"),
    ],
)
def test_what_cannot_be_graded_is_said(runner, remote, files, inputs, said):
    head = remote.commit(dict.fromkeys(files, "x"))
    assert said in fetch(runner, remote, head, code=1, **inputs)
    assert not list(runner.folder.rglob("x"))


def test_of_several_learners_one_folder_is_taken(runner, remote):
    head = remote.commit({"ada/trapezoid.py": "a", "bob/trapezoid.py": "b"})
    fetch(runner, remote, head, FILES="bob/")
    assert (runner.temp / "grader/submission/bob/trapezoid.py").read_text() == "b"


def test_the_token_is_left_in_no_file(runner, remote):
    fetch(runner, remote, remote.commit({"trapezoid.py": "x"}))
    secret = TOKEN.encode()
    files = [path for path in runner.temp.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert not [path for path in files if secret in path.read_bytes()]


@pytest.mark.parametrize("restricted", [True, False])
def test_where_ubuntu_restricts_user_namespaces_bubblewrap_gets_a_profile(runner, restricted):
    log, profile = runner.folder / "log", runner.folder / "profile"
    runner.fake("sudo", f'echo "$@" >> {log}; [ "$1" != apparmor_parser ] || cat > {profile}')
    runner.fake("cat", f"[ $# -gt 0 ] && echo {int(restricted)} || exec {'/bin/cat'}")
    runner.fake("bwrap", "exit 1")
    runner.fake("python", 'mkdir -p "$3/bin"')
    runner.fake("pip", f'echo pip "$@" >> {log}')
    runner.step(INSTALL, PYTHON="python")
    called = log.read_text()
    assert "bubblewrap libseccomp2 util-linux" in called
    version = re.search(r"^torch==.*$", (ROOT / "constraints.txt").read_text(), re.M)[0]
    assert f"pip install -q {version}\npip install -q -c constraints.txt .\n" in called
    assert profile.exists() == restricted
    if restricted:
        assert "/usr/bin/bwrap flags=(unconfined) { userns, }" in profile.read_text()


def test_the_guide_shows_five_lines_and_every_input():
    guide = (ROOT / "docs/github.md").read_text("utf-8")
    first = re.search(r"```yaml\n(.*?)```", guide, re.S)[1]
    assert len(first.splitlines()) == 5
    workflow = yaml.safe_load(first)
    (step,) = workflow["jobs"]["grade"]["steps"]
    assert set(step["with"]) <= set(ACTION["inputs"])
    for name in ACTION["inputs"]:
        assert f"| `{name}` |" in guide
    for block in re.findall(r"```yaml\n(.*?)```", guide, re.S):
        yaml.safe_load(block)
