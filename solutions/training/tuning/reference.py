"""Random search on the right scale, and successive halving."""

import math
from collections.abc import Callable
from typing import Any

import torch

Space = dict[str, tuple[Any, ...]]
Config = dict[str, Any]
Evaluate = Callable[[Config, int], float]


def sample(space: Space, generator: torch.Generator) -> Config:
    return {name: draw(generator, *entry) for name, entry in space.items()}


def draw(generator: torch.Generator, kind: str, *values: Any) -> Any:
    if kind == "choice":
        return values[int(torch.randint(len(values), (), generator=generator))]
    u = torch.rand((), generator=generator, dtype=torch.float64).item()
    low, high = values
    if kind == "log":
        return math.exp(math.log(low) + u * (math.log(high) - math.log(low)))
    return low + u * (high - low)


def successive_halving(configs: list[Config], evaluate: Evaluate, epochs: int, eta: int) -> Config:
    if not configs:
        raise ValueError("configs is empty")
    if eta < 2:
        raise ValueError(f"eta is {eta}, expected at least 2")
    left = list(range(len(configs)))
    while True:
        losses = {k: evaluate(configs[k], epochs) for k in left}
        ranked = sorted(left, key=lambda k: losses[k] if math.isfinite(losses[k]) else math.inf)
        left = sorted(ranked[: max(1, len(left) // eta)])
        if len(left) == 1:
            return configs[left[0]]
        epochs *= eta


def tune(space: Space, evaluate: Evaluate, budget: int, generator: torch.Generator) -> Config:
    """Half of the budget for one epoch each, half of it for the best four in full."""
    configs = [sample(space, generator) for _ in range(budget // 2)]
    return successive_halving(configs, evaluate, epochs=1, eta=8)
