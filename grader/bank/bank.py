"""The bank of broken scripts: clean ones, and what can be injected into them.

exams/bank/causes.yaml                          the closed list of causes: id -> sentence
exams/bank/<base>/base.yaml                     title, device, limits
exams/bank/<base>/data.py                       draw(seed) -> (what a script gets, what is held)
solutions/exams/bank/families.yaml              which causes belong to which family
solutions/exams/bank/<base>/base.py             the clean script
solutions/exams/bank/<base>/checks.py           its probes
solutions/exams/bank/<base>/variants.yaml       names and phrases that differ between candidates
solutions/exams/bank/<base>/tricks.yaml         fixes that only look like one, for any injection
solutions/exams/bank/<base>/injections/<name>.yaml
"""

from __future__ import annotations

import difflib
import importlib.util
import random
import sys
import types
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, RootModel

from grader.bank.injection import FAMILIES, Injection, Variants, vary
from grader.documents import read_yaml, validate
from grader.edits import Edit, edited
from grader.model import Exercise, Frozen, GraderFault, Limits, Rules, UsageError

Noun = TypeVar("Noun", bound=BaseModel)
TRIALS = 16
"""Seeds of one item's trials: the seed of the item times this, and the number of the trial."""
RULES = Rules(
    imports=("torch", "math", "__future__", "typing", "contextlib"),
    # What would hide tensors from the meter, or run code that it cannot see.
    forbid=("compile", "multiprocessing", "set_default_device", "untyped_storage", "from_numpy"),
)


class BaseFile(Frozen):
    """`base.yaml`."""

    title: str
    steps: int = Field(gt=0)
    """Steps of training that the design asks for."""
    limits: Limits
    """Of one training; with the simulated device."""


class Base:
    """One clean script with all that belongs to it. The private half may be absent."""

    def __init__(self, folder: Path, solution: Path) -> None:
        self.name, self.folder, self.solution = folder.name, folder, solution
        self.file = read(BaseFile, folder / "base.yaml")

    @property
    def exercise(self) -> Exercise:
        """What the engine grades a fix by."""
        return Exercise(
            slug=self.name,
            unit="bank",
            title=self.file.title,
            goal="Find what is wrong and put it right.",
            points=4,
            trains=True,
            limits=self.file.limits,
            rules=RULES,
            folder=self.folder,
            solution=self.solution,
        )

    def data(self, seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """What a script is given to train on, and what is held back to measure it."""
        given, held = _module(self.folder / "data.py").draw(seed)
        return given, held

    @property
    def measure(self) -> Callable[..., None]:
        """What its `checks.py` does with a trained model."""
        measure: Callable[..., None] = _module(self.solution / "checks.py").measure
        return measure

    @property
    def probes(self) -> list[Callable[..., None]]:
        """Each raises where a repair does not hold; asks for `trial`, and `record` if it wants."""
        checks = vars(_module(self.solution / "checks.py"))
        return [each for name, each in checks.items() if name.startswith("check_")]

    @property
    def text(self) -> str:
        """The clean script, before its names are varied."""
        return (self.solution / "base.py").read_text("utf-8")

    @property
    def variants(self) -> Variants:
        return read(Variants, self.solution / "variants.yaml")

    @property
    def tricks(self) -> dict[str, tuple[Edit, ...]]:
        return read(Tricks, self.solution / "tricks.yaml").root

    @property
    def injections(self) -> list[Injection]:
        paths = sorted((self.solution / "injections").glob("*.yaml"))
        return [read(Injection, path, slug=path.stem, base=self.name) for path in paths]

    def clean(self, seed: int) -> str:
        """The clean script as a candidate with this seed would have it."""
        return vary(self.text, self.variants, seed)

    def repaired(self, injection: Injection, seed: int) -> str:
        """The canonical fix."""
        return vary(edited(self.text, injection.setting), self.variants, seed)

    def broken(self, injection: Injection, seed: int, then: Sequence[Edit] = ()) -> str:
        """The script of an item. Args: then, edits by somebody who mends it, or thinks so."""
        done = (*injection.setting, *injection.edits, *then)
        return vary(edited(self.text, done), self.variants, seed)

    def hunk(self, injection: Injection) -> set[int]:
        """Lines of the broken script, from 1, where it is wrong; beside it where some are gone."""
        right = edited(self.text, injection.setting)
        wrong = edited(right, injection.edits)
        matcher = difflib.SequenceMatcher(None, right.splitlines(), wrong.splitlines(), False)
        lines: set[int] = set()
        for tag, _, _, start, end in matcher.get_opcodes():
            if tag != "equal":
                lines |= set(range(start + 1, end + 1)) or {start, start + 1}
        return lines

    def private_seed(self, seed: int) -> int:
        """The seed of the data of a trial; nobody can tell it without the private half."""
        key = (self.solution / "checks.py").read_bytes()
        return int.from_bytes(sha256(key + str(seed).encode()).digest()[:4]) >> 1


class Tricks(RootModel[dict[str, tuple[Edit, ...]]]):
    """`tricks.yaml`."""


class Bank:
    """All bases. Args: the two halves, `exams/bank/` and `solutions/exams/bank/`."""

    def __init__(self, folder: Path, solution: Path) -> None:
        self.folder, self.solution = folder, solution
        names = sorted(path.parent.name for path in folder.glob("*/base.yaml"))
        self.bases = {name: Base(folder / name, solution / name) for name in names}

    @property
    def causes(self) -> dict[str, str]:
        """The closed list: id -> sentence."""
        return read(Causes, self.folder / "causes.yaml").root

    @property
    def page(self) -> str:
        """`causes.md`, the closed list to be read."""
        causes = "\n".join(f"- `{name}` {sentence}" for name, sentence in self.causes.items())
        return f"# Causes\n\nThe closed list, by alphabet.\n\n{causes}\n"

    @property
    def families(self) -> dict[str, tuple[str, ...]]:
        """The causes that can make each symptom."""
        return read(Families, self.solution / "families.yaml").root

    @property
    def injections(self) -> list[Injection]:
        return [each for base in self.bases.values() for each in base.injections]

    def draw(self, seed: int) -> list[Injection]:
        """The four items of a sitting: one nan, two flat or too good, one oom, in any order.

        None of them is an item of an exercise. All but the last are of different bases, so that two
        scripts tell little by a comparison.
        """
        chance = random.Random(f"items|{seed}")
        of = {
            family: [i for i in self.injections if i.family == family and not i.course]
            for family in FAMILIES
        }
        flat = of["flat"] + of["good"]
        pairs = [(a, b) for a, b in product(flat, flat) if a.base < b.base]
        first, second = chance.choice(pairs)
        nan = [each for each in of["nan"] if each.base not in (first.base, second.base)]
        items = [chance.choice(nan), first, second, chance.choice(of["oom"])]
        return chance.sample(items, k=4)


class Causes(RootModel[dict[str, str]]):
    """`causes.yaml`."""


class Families(RootModel[dict[str, tuple[str, ...]]]):
    """`families.yaml`."""


@cache
def _module(path: Path) -> types.ModuleType:
    """Our own file, run out here."""
    name = f"{path.stem}_of_{path.parent.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def read(noun: type[Noun], path: Path, **given: Any) -> Noun:
    """Raises: GraderFault, for the bank is ours."""
    try:
        data, lines = read_yaml(path.read_bytes(), path.name)
        return validate(noun, data, lines, f"{path.parent.name}/{path.name}", **given)
    except OSError as error:
        raise GraderFault(
            f"the bank has no {path.parent.name}/{path.name}: {error.strerror}."
        ) from None
    except UsageError as error:
        raise GraderFault(str(error)) from None
