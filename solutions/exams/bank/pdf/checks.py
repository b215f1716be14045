"""What a right repair of the regression does, whatever was broken in it."""

import torch.nn.functional as F

from grader.bank import probes
from grader.bank.probes import (
    check_all_grads,
    check_finite,
    check_memory,
    check_runs,
    check_shape,
    check_steps,
    reaches,
)
from grader.bank.trial import gradients
from grader.oracle import assert_tensor, unpack

trial = probes.trial


def measure(submission, model, trial, given, held):
    """Error on what was held out as a share of the variance, and how well the spread fits."""
    x, y = held["x"], held["y"]
    centre, spread = unpack(model(x), 2, "model(x)")
    assert_tensor(centre, "the first of model(x)", shape=y.shape)
    assert_tensor(spread, "the second of model(x)", shape=y.shape)
    for part in unpack(model(x[:1]), 2, "model(x) of one reading"):
        assert_tensor(part, "model(x) of one reading", shape=(1,))
    trial.gradients = gradients(model, x[:64])
    trial.measures["held-out error"] = (F.mse_loss(centre, y) / y.var()).item()
    likely = F.gaussian_nll_loss(centre, y, spread**2, eps=1e-4)
    trial.measures["held-out loss"] = likely.item()


def check_held(trial, record):
    """On readings that it never saw, little of the variance is left unexplained."""
    # 60 clean trainings: mean 0.080, deviation 0.025, three above 0.12, the worst 0.186.
    reaches(trial, record, "held-out error", 0.3, better="lower")


def check_nll(trial, record):
    """On readings that it never saw, the spread that it tells fits its errors."""
    reaches(trial, record, "held-out loss", -1.0, better="lower")
