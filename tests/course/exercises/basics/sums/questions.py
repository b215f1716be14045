"""Three sums of two different primes."""

import itertools
from typing import NamedTuple

PRIMES = (3, 5, 7, 11, 13)


class Sum(NamedTuple):
    a: int
    b: int

    def __str__(self) -> str:
        return f"{self.a} + {self.b}"


def draw(rng):
    pairs = list(itertools.combinations(PRIMES, 2))
    picked = rng.choice(len(pairs), 3, replace=False)
    return {f"q{i + 1}": Sum(*pairs[k]) for i, k in enumerate(picked)}
