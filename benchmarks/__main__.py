"""Measure everything that docs/benchmarks.md lists and print its table.

Each row compares two things in the same run on the same machine, so that the ratio means
something where seconds do not. A target is shown beside what was measured and decides nothing.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks import learning
from grader import box, catalogue, engine, zygote
from grader.box import Box
from grader.model import Limits
from grader.proxy import Submission
from grader.warm import TRAINING

ROOT = Path(__file__).parent.parent
ECHO = "import torch\n\ndef double(x):\n    return x * 2\n"
TRAIN = """
import time
import torch

def train(steps, size):
    torch.manual_seed(0)
    layers = torch.nn.Linear(size, size), torch.nn.ReLU(), torch.nn.Linear(size, 10)
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.AdamW(model.parameters())
    x, y = torch.randn(64, size), torch.randint(0, 10, (64,))
    model(x).sum().backward()
    began = time.process_time()
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return time.process_time() - began
"""


class Row(NamedTuple):
    """One line of the table."""

    what: str
    measured: str
    compared: str
    ratio: str
    target: str


def seconds(call: Callable[[], object], times: int = 1) -> float:
    """Median wall seconds of a call."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


@contextmanager
def loaded(warm: Box, source: str):
    with warm.run() as run:
        yield Submission(run, "bench.py", source)


def small_calls(warm: Box) -> Row:
    x, calls = torch.randn(8, 16), 2000
    with loaded(warm, ECHO) as submission:
        submission.double(x)
        remote = seconds(lambda: [submission.double(x) for _ in range(calls)], 3) / calls
        many = seconds(lambda: submission.double.many([(x,)] * calls), 3) / calls
    local = seconds(lambda: [x * 2 for _ in range(calls)], 3) / calls
    return Row(
        "a call with a small tensor",
        f"{remote * 1e3:.2f} ms",
        f"{local * 1e3:.3f} ms in process; {many * 1e3:.3f} ms by `many`",
        f"{remote / local:.0f}x",
        "<= 0.25 ms",
    )


def forks(warm: Box) -> Row:
    """Until the submission is loaded, and until everything of it is gone again."""
    ready: list[float] = []
    gone: list[float] = []
    for _ in range(2 * zygote.MANY):
        began = time.perf_counter()
        with loaded(warm, ECHO):
            ready.append(time.perf_counter() - began)
        gone.append(time.perf_counter() - began)

    def import_torch() -> None:
        subprocess.run([sys.executable, "-c", "import torch"], check=True)

    new, fork = statistics.median(ready[: zygote.MANY]), statistics.median(ready[zygote.MANY :])
    end, cold = statistics.median(gone[zygote.MANY :]), seconds(import_torch, 3)
    return Row(
        "fork and load a submission",
        f"{fork * 1e3:.1f} ms ({end * 1e3:.1f} ms until it is gone again); "
        f"{new * 1e3:.1f} ms while the box is new",
        f"{cold:.2f} s for a cold `import torch`",
        f"1/{cold / fork:.0f}",
        "<= 10 ms",
    )


def large_tensor(warm: Box) -> Row:
    x = torch.randn(25_000_000)
    with loaded(warm, ECHO) as submission:
        submission.double(x)
        there_and_back = seconds(lambda: submission.double(x), 3)
    copy = seconds(lambda: x.clone(), 3)
    return Row(
        "100 MB there and back",
        f"{there_and_back:.2f} s",
        f"{copy:.3f} s for one copy in memory",
        f"{there_and_back / copy:.0f}x",
        "<= 1.2 s",
    )


def training(warm: Box) -> Row:
    """CPU seconds of the same loop inside and outside, in turns, so that load hits both."""
    bare_program = f"import torch\ntorch.set_num_threads(1)\n{TRAIN}\nprint(train(1500, 256))"
    inside, outside = [], []
    for _ in range(3):
        with loaded(warm, TRAIN) as submission:
            inside.append(submission.train(1500, 256))
        done = subprocess.run(
            [sys.executable, "-c", bare_program], capture_output=True, text=True, check=True
        )
        outside.append(float(done.stdout))
    boxed, bare = min(inside), min(outside)
    return Row(
        "a training loop, CPU seconds",
        f"{boxed:.2f} s in the box",
        f"{bare:.2f} s bare",
        f"{(boxed / bare - 1) * 100:+.1f} %",
        "<= +5 %",
    )


def cold_run() -> list[Row]:
    """`grade SLUG`, and a save in `grade watch`, against plain pytest over the same checks."""
    exercise = catalogue.load(ROOT / "tests/course").exercises[0]
    reference = exercise.solution / "reference.py"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain_pytest(folder, exercise.solution / "checks.py", reference)
        test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
        grade = [sys.executable, "-m", "grader", "run", "softmax"]
        ours, plain = [], []
        for _ in range(5):
            with learning.new_workspace(ROOT / "tests/course") as work:
                (work / "basics/softmax.py").write_bytes(reference.read_bytes())
                ours.append(seconds(partial(subprocess.run, grade, cwd=work, capture_output=True)))
            plain.append(seconds(partial(subprocess.run, test, cwd=name, capture_output=True)))
    mine, theirs = statistics.median(ours), statistics.median(plain)
    save = learning.saves(ROOT / "tests/course", "softmax")
    compared = f"{theirs:.2f} s for cold plain pytest, no isolation"
    return [
        Row(
            "first `grade softmax` after `grade init`",
            f"{mine:.2f} s",
            compared,
            f"{mine / theirs:.2f}x",
            "<= 1.3x",
        ),
        Row(
            "a save to its verdict in `grade watch softmax`",
            f"{save:.2f} s",
            compared,
            f"{theirs / save:.0f}x faster",
            "<= 0.5 s, >= 7x",
        ),
    ]


def saves() -> Row:
    """Median over the unit exercises of the course, without those that train."""
    names = [e.slug for e in catalogue.load(ROOT).exercises if e.is_code and not e.trains]
    taken = {name: learning.saves(ROOT, name) for name in names}
    listed = ", ".join(f"`{name}` {each:.2f} s" for name, each in taken.items())
    return Row(
        "a save to its verdict, median of the course's exercises without training",
        f"{statistics.median(taken.values()):.2f} s",
        listed,
        "",
        "<= 0.5 s",
    )


def plain_pytest(folder: Path, checks: Path, reference: Path) -> None:
    """The same checks as tests of an imported module, with a backward pass in place."""
    (folder / "submitted.py").write_text(reference.read_text())
    (folder / "test_plain.py").write_text(
        "import pytest, submitted, types\n"
        + checks.read_text().replace("def check_", "def test_check_")
        + "\n\nclass Local:\n"
        "    label = 'softmax'\n"
        "    def __call__(self, *args, **kwargs):\n"
        "        return submitted.softmax(*args, **kwargs)\n"
        "    def vjp(self, x, cotangent):\n"
        "        x = x.detach().clone().requires_grad_()\n"
        "        out = submitted.softmax(x)\n"
        "        grad = torch.autograd.grad(out, x, cotangent)[0]\n"
        "        return types.SimpleNamespace(out=out, inputs={0: grad})\n\n\n"
        "@pytest.fixture(scope='module')\ndef submission():\n"
        "    return types.SimpleNamespace(softmax=Local())\n"
    )


def light_commands() -> Row:
    def help_() -> None:
        subprocess.run([sys.executable, "-m", "grader", "--help"], capture_output=True)

    def bare() -> None:
        subprocess.run([sys.executable, "-c", "pass"], capture_output=True)

    ours, nothing = seconds(help_, 7), seconds(bare, 7)
    return Row(
        "`grade --help`",
        f"{ours:.2f} s",
        f"{nothing:.3f} s for an empty Python",
        f"{ours / nothing:.0f}x",
        "<= 0.25 s",
    )


def references() -> list[Row]:
    """What the training references cost, and how much of the grading is their own work."""
    rows = []
    for exercise in catalogue.load(ROOT).exercises:
        if not exercise.trains:
            continue
        source = catalogue.read_submission(exercise.solution / "reference.py")
        verdict = engine.grade(exercise, source, box.isolation(), seed=1)
        cpu_s = sum(each.cpu_s for each in verdict.outcomes)
        peak = max(each.peak_mb for each in verdict.outcomes)
        rows.append(
            Row(
                f"reference of `{exercise.slug}`" + ("" if verdict.passed else " (not passed)"),
                f"{cpu_s:.1f} CPU s, {peak:.0f} MB",
                f"{verdict.seconds:.1f} s of grading",
                f"{cpu_s / verdict.seconds * 100:.0f} %",
                "its limits",
            )
        )
    return rows


def main() -> None:
    """Print the table as Markdown."""
    level = box.isolation()
    with Box(level, Limits(cpu_s=60, wall_s=120, memory_mb=1500), preloads=TRAINING) as warm:
        rows = [measure(warm) for measure in (small_calls, forks, large_tensor, training)]
    rows += [*cold_run(), saves(), light_commands(), *references()]
    print(f"torch {torch.__version__}, Python {sys.version.split()[0]}, level {level.level}\n")
    print("| what | measured | compared with | ratio | target |\n|---|---|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
