"""What a right repair of the classifier does, whatever was broken in it."""

import torch
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
    """Accuracy and cross-entropy on what was held out; what an evaluation does to the model."""
    x, y, classes = held["x"], held["y"], given["classes"]
    logits = assert_tensor(model(x), "model(x)", shape=(len(x), classes))
    validated = assert_tensor(
        model(given["x_val"]), "model(x)", shape=(len(given["x_val"]), classes)
    )
    trial.gradients = gradients(model, x[:64])
    trial.measures["accuracy"] = _accuracy(logits, y)
    trial.measures["cross-entropy"] = F.cross_entropy(logits, y).item()
    told = [row["val_accuracy"] for row in trial.rows if "val_accuracy" in row]
    honest = _accuracy(validated, given["y_val"])
    trial.measures["error of val_accuracy"] = abs(told[-1] - honest) if told else 1.0
    trial.measures["changes by evaluate"] = _changes(submission, model, given)


def _accuracy(logits, y):
    return (logits.argmax(1) == y).float().mean().item()


def _changes(submission, model, given):
    """How many tensors of its state an evaluation changes, and whether the mode."""
    model.train()
    before = model.state_dict()
    submission.evaluate(model, given["x_val"], given["y_val"])
    after = model.state_dict()
    changed = sum(not torch.equal(before[name], after[name]) for name in before)
    return float(changed + (model.training is not True))


def check_held(trial, record):
    """At least 95 of 100 measurements that it never saw are sorted rightly."""
    reaches(trial, record, "accuracy", 0.95)


def check_nll(trial, record):
    """Cross-entropy of the model's outputs on what it never saw, taken as logits, is low."""
    reaches(trial, record, "cross-entropy", 0.15, better="lower")


def check_eval_clean(trial, record):
    """`evaluate` changes nothing in the model and leaves it in training mode."""
    reaches(trial, record, "changes by evaluate", 0, better="lower")


def check_eval_honest(trial, record):
    """The last `val_accuracy` that the script tells is that of its model."""
    reaches(trial, record, "error of val_accuracy", 0.005, better="lower")
