"""What a right repair of the recurrent network does, whatever was broken in it."""

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
from grader.oracle import assert_tensor

trial = probes.trial


def measure(submission, model, trial, given, held):
    """Mean square error on what was held out, as a share of the variance."""
    x, y = held["x"], held["y"]
    pred = assert_tensor(model(x), "model(x)", shape=y.shape)
    assert_tensor(model(x[:1]), "model(x) of one signal", shape=(1,))
    trial.gradients = gradients(model, x[:64])
    trial.measures["held-out error"] = (F.mse_loss(pred, y) / y.var()).item()


def check_held(trial, record):
    """On signals that it never saw, most of the variance is explained."""
    reaches(trial, record, "held-out error", 0.4, better="lower")
