import torch

from grader.oracle import Mismatch

LOSSES = {"a": {1: 2.0}, "b": {1: 1.0, 2: 0.9}, "c": {1: 1.5, 2: 0.4}, "d": {1: float("nan")}}


def check_the_four_of_the_task(submission):
    """Of a, b, c and d the second round has b and c, and c wins."""
    asked = []

    def evaluate(config, epochs):
        asked.append((config["name"], epochs))
        return LOSSES[config["name"]][epochs]

    configs = [{"name": name} for name in LOSSES]
    got = submission.successive_halving(configs, evaluate, 1, 2)
    expected = [("a", 1), ("b", 1), ("c", 1), ("d", 1), ("b", 2), ("c", 2)]
    if asked != expected:
        raise Mismatch(f"you evaluated {asked}, expected {expected}")
    if got != {"name": "c"}:
        raise Mismatch(f"returned {str(got)[:60]}, expected c")


def check_a_sample_lies_in_its_space(submission):
    """One configuration has one value for each name, inside its range."""
    space = {"lr": ("log", 0.001, 0.1), "width": ("choice", 4, 16)}
    got = submission.sample(space, torch.Generator().manual_seed(0))
    whole = isinstance(got, dict) and set(got) == set(space)
    if not whole or not 0.001 <= got["lr"] <= 0.1 or got["width"] not in (4, 16):
        raise Mismatch(f"sample: returned {str(got)[:80]}")
