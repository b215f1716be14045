import torch

from grader.oracle import Mismatch, assert_close, assert_equal, generator, unpack
from grader.oracle.values import describe

X = torch.tensor([1.0, 2.0, 3.0, 4.0])


def check_dropout_of_four(submission):
    """The four numbers of the task with p = 0.2, in training and outside."""
    for name, kept, outside in (
        ("inverted_dropout", X / 0.8, X),
        ("classic_dropout", X, X * 0.8),
    ):
        dropout = getattr(submission, name)
        assert_close(dropout(X, 0.2, False, None), outside, f"{name} outside training")
        for seed in range(5):
            out = dropout(X, 0.2, True, generator(seed))
            dropped = torch.zeros(4, dtype=torch.bool)
            dropped = out == 0 if getattr(out, "shape", None) == (4,) else dropped
            assert_close(out, torch.where(dropped, 0, kept), f"{name} in training")


def check_stops_in_time(submission):
    """Both columns of the task's table: where it stops, and what was best."""
    for min_delta, stops, best, step in ((0.0, 3, 0.8, 1), (0.25, 2, 1.0, 0)):
        stopper = submission.EarlyStopping(2, min_delta)
        for i, value in enumerate([1.0, 0.8, 0.9, 0.85, 0.7][: stops + 1]):
            stop = stopper.update(value, {"w": torch.tensor([value])})
            if stop is not (i == stops):
                raise Mismatch(f"min_delta={min_delta}: update {i} gave {describe(stop)}")
        for name, right in (("best", best), ("best_step", step)):
            mine = getattr(stopper, name)
            if isinstance(mine, torch.Tensor) or mine != right:
                what = f"min_delta={min_delta}: {name} is {describe(mine)}"
                raise Mismatch(f"{what}, expected {right}")


def check_penalty_of_four(submission):
    """The matrix of the task costs 1.4, and its gradient is 0.2 W."""
    W = torch.tensor([[1.0, -2.0], [0.0, 3.0]])
    got = submission.l2_penalty.vjp(W, cotangent=torch.tensor(1.0), lam=0.1)
    assert_close(got.out, torch.tensor(1.4), "l2_penalty(W, lam=0.1)")
    assert_close(got.inputs[0], 0.2 * W, "gradient of l2_penalty by W")


def check_four_names(submission):
    """The parameters of the task's table go into the right groups."""
    named = [
        ("tok_emb.weight", torch.zeros(65, 32)),
        ("norm.weight", torch.ones(32)),
        ("conv.weight", torch.ones(8, 1, 3, 3)),
        ("remember.weight", torch.ones(32, 32)),
    ]
    groups = unpack(submission.decay_groups(named, 0.1), 2, "decay_groups")
    for group, names, wd in zip(
        groups,
        (["conv.weight", "remember.weight"], ["tok_emb.weight", "norm.weight"]),
        (0.1, 0.0),
        strict=True,
    ):
        if not isinstance(group, dict) or group.get("names") != names:
            mine = group.get("names") if isinstance(group, dict) else describe(group)
            raise Mismatch(f"decay_groups: got the names {mine}, expected {names}")
        if group.get("weight_decay") != wd:
            raise Mismatch(f"decay_groups: {names} decay by {group.get('weight_decay')}")
        params = unpack(group.get("params"), 2, "params")
        for param, name in zip(params, names, strict=True):
            assert_equal(param, dict(named)[name], name)
