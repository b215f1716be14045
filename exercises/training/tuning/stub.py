"""Hyper-parameter search. Edit this file, then run `grade tuning`.

You train nothing here. You propose configurations; the grader trains them, tells you a validation
loss, and counts what it cost. It measures your choice on rows that never decide anything.

A space is a dict of names and ranges:
    "lr": ("log", 1e-5, 10.0)          a float between the two, every power of ten as likely
    "dropout": ("linear", 0.0, 0.9)    a float between the two, every value as likely
    "width": ("choice", 4, 16, 64)     one of these, each as likely
A configuration is a dict of the same names: {"lr": 0.003, "dropout": 0.2, "width": 16}.
"""

from collections.abc import Callable
from typing import Any

import torch

Space = dict[str, tuple[Any, ...]]
Config = dict[str, Any]
Evaluate = Callable[[Config, int], float]


def sample(space: Space, generator: torch.Generator) -> Config:
    """Draw one configuration, all randomness from `generator`.

    Values of "log" and "linear" are Python floats; those of "choice" are the values themselves.
    """
    raise NotImplementedError("sample: your code goes here")


def successive_halving(configs: list[Config], evaluate: Evaluate, epochs: int, eta: int) -> Config:
    """Train all a little, keep the best, train those longer, and so on.

    In each round every configuration that is left is evaluated once, in its order in `configs`,
    with the same number of epochs: `epochs` in the first round, eta times as many in each further.
    The max(1, n // eta) of the n with the lowest loss go on; of equal losses the earlier in
    `configs`. It ends when one configuration is left after a round, and returns it.

    evaluate(config, epochs) is the validation loss of a new training, or nan or inf where that
    diverged: such a one is worse than any number.
    Raises: ValueError that names `configs` if it is empty, or `eta` if that is below 2.
    """
    raise NotImplementedError("successive_halving: your code goes here")


def tune(space: Space, evaluate: Evaluate, budget: int, generator: torch.Generator) -> Config:
    """Find a good configuration of `space`; how is up to you.

    Each evaluate(config, epochs), 1 <= epochs <= 8, costs `epochs` of the budget, which is 64; what
    would exceed it raises an error. The grader trains the configuration that you return for 8
    epochs and measures it on test rows. It also brings losses that are made up, in the same space:
    there the best of each name is drawn, lr matters most, and only a search can find it.
    """
    raise NotImplementedError("tune: your code goes here")
