"""What a right repair of the language model does, whatever was broken in it."""

import torch
import torch.nn.functional as F

from grader.bank import probes
from grader.bank.probes import (
    TINY,
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

LENGTH, WINDOWS, WARM = 32, 64, 8
HALF = LENGTH // 2


def measure(submission, model, trial, given, held):
    """Loss on text that was held out, and what the future and the positions do to it."""
    count = WINDOWS * LENGTH
    x, y = held["text"][:count].view(-1, LENGTH), held["text"][1 : count + 1].view(-1, LENGTH)
    logits = _logits(model, x, given["vocab"])
    loss = _loss(logits, y)
    trial.gradients = gradients(model, x[:8])
    trial.measures["nats below a bigram"] = _bigram(given["text"], given["vocab"], x, y) - loss
    other = torch.cat([x[:16, :HALF], x[16:32, HALF:]], 1)
    moved = (_logits(model, other, given["vocab"]) - logits[:16])[:, :HALF]
    trial.measures["move by the future"] = moved.abs().max().item()
    rows = trial.gradients["pos.weight"].norm(dim=1)
    trial.measures["positions without gradient"] = (rows < TINY).sum().item()
    state = model.state_dict()
    table = state["pos.weight"].flip(0)
    model.load_state_dict({**state, "pos.weight": table})
    trial.measures["loss by wrong positions"] = _loss(_logits(model, x, given["vocab"]), y) - loss


def _logits(model, x, vocab):
    parts = [assert_tensor(model(part), "model(ids)") for part in x.split(16)]
    return assert_tensor(torch.cat(parts), "model(ids)", shape=(*x.shape, vocab))


def _loss(logits, y):
    """Nats for each letter that has eight others before it."""
    return F.cross_entropy(logits[:, WARM:].flatten(0, 1), y[:, WARM:].flatten()).item()


def _bigram(text, vocab, x, y):
    """Nats on the same letters, by who knows only the letter before."""
    counts = torch.full((vocab, vocab), 0.1)
    counts.index_put_((text[:-1], text[1:]), torch.ones(len(text) - 1), accumulate=True)
    likely = (counts / counts.sum(1, keepdim=True)).log()
    return -likely[x[:, WARM:], y[:, WARM:]].mean().item()


def check_held(trial, record):
    """On text that it never saw the model is much better than who knows only the last letter."""
    reaches(trial, record, "nats below a bigram", 0.35)


def check_causal(trial, record):
    """No output depends on a later letter."""
    reaches(trial, record, "move by the future", 1e-4, better="lower")


def check_position(trial, record):
    """The model uses every position: with the wrong ones its loss rises."""
    reaches(trial, record, "positions without gradient", 0, better="lower")
    reaches(trial, record, "loss by wrong positions", 0.3)
