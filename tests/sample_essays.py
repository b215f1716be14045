"""Essays of many kinds with the numbers of a seed, and texts that try to pass for one."""

from __future__ import annotations

import re
from pathlib import Path

from grader.exam import worksheet
from grader.exam.task import Task
from grader.sitting import exam

ROOT = Path(__file__).parent.parent
ESSAYS = Path(__file__).parent / "essays"
SEED = 7
KEY_WORDS = (
    "forward pass pre-activation ReLU activation z1 a1 W1 W2 bias loss squared error chain rule "
    "gradient upstream derivative dead unit outer product learning rate weight update optimizer "
    "zero_grad backward step. "
)


def task() -> Task:
    """The essay of the exit test."""
    part = next(p for p in exam.load(ROOT / "exams/exit-1").parts if p.form == "essay")
    return Task(
        part, ROOT / "exams/exit-1" / part.name, ROOT / "solutions/exams/exit-1" / part.name
    )


def filled(text: str, seed: int) -> str:
    """`[[z_live]]` and so on, as a person would write it: four decimals at most."""
    sheet = worksheet.draw(seed)
    known = {**sheet.given, **sheet.values}
    first = float(given_z(sheet)) > 0
    known |= {"v_live": sheet.given["v1" if first else "v2"]}
    known |= {"z_1": known["z_live" if first else "z_dead"]}
    known |= {"z_2": known["z_dead" if first else "z_live"]}
    shown = {name: f"{float(value):.4f}".rstrip("0") for name, value in known.items()}
    shown |= {f"-{name}": f"{-float(value):.4f}".rstrip("0") for name, value in known.items()}
    shown |= {"live": "1" if first else "2", "dead": "2" if first else "1"}
    return re.sub(r"\[\[(-?\w+)\]\]", lambda match: shown[match[1]], text)


def given_z(sheet: worksheet.Worksheet) -> float:
    """The pre-activation of unit 1."""
    of = sheet.given
    return of["w11"] * of["x1"] + of["w12"] * of["x2"] + of["b1"]


def essay(name: str, seed: int = SEED) -> str:
    """One of tests/essays, with the numbers of a seed."""
    return filled((ESSAYS / f"{name}.md").read_text("utf-8"), seed)


def right_numbers(seed: int = SEED) -> str:
    """The eleven values and nothing else."""
    return " ".join(f"{float(value):.5f}" for value in worksheet.draw(seed).values.values())


def keywords() -> str:
    """Every key word, many times, and every number."""
    return KEY_WORDS * 14 + right_numbers()


def prompt_repeated() -> str:
    """The task's own sentences until the length is right."""
    prompt = " ".join((task().folder / "prompt.md").read_text("utf-8").split())
    return (prompt.split(" ## ")[0] + "\n\n") * 7


def sprayed(step: float) -> str:
    """A good explanation with every number from -1 to 1 in steps instead of its own."""
    text = re.sub(r"\[\[\w+\]\]", "so", (ESSAYS / "good.md").read_text("utf-8"))
    count = round(1 / step)
    return text + " ".join(f"{sign * i * step:.4f}" for i in range(count) for sign in (1, -1))
