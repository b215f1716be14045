import math

import pytest
import torch
import torch.nn.functional as F

from grader.oracle import Mismatch, assert_close, assert_equal, generator, randn, weight
from grader.oracle.values import describe

PARTS = {"zero_grad", "forward", "loss", "backward", "clip", "step"}
CLAIMS = {"wiring", "label_format", "output_fits_loss", "capacity", "labels_are_right"}
CLAIMS |= {"generalisation", "data_quality", "learning_rate"}
PROVED = {"wiring", "label_format", "output_fits_loss", "capacity"}
LOSSES = {"squared_error": F.mse_loss, "cross_entropy": F.cross_entropy}
STEPS = 5


def sgd(p, g, memory, lr):
    return p - lr * g


def momentum(p, g, memory, lr):
    memory["m"] = 0.9 * memory.get("m", 0.0) + g
    return p - lr * memory["m"]


def adam(p, g, memory, lr):
    t = memory["t"] = memory.get("t", 0) + 1
    memory["m"] = 0.9 * memory.get("m", 0.0) + 0.1 * g
    memory["v"] = 0.999 * memory.get("v", 0.0) + 0.001 * g * g
    m, v = memory["m"] / (1 - 0.9**t), memory["v"] / (1 - 0.999**t)
    return p - lr * m / (v.sqrt() + 1e-8)


RULES = {"sgd": sgd, "momentum": momentum, "adam": adam}


def weights(seed=0):
    """Of a network 5-7-3 in float64."""
    shapes = {"0.weight": (7, 5), "0.bias": (7,), "2.weight": (3, 7), "2.bias": (3,)}
    return {name: randn(*shape, seed=seed + k) for k, (name, shape) in enumerate(shapes.items())}


def outputs(state, x):
    hidden = torch.relu(F.linear(x, state["0.weight"], state["0.bias"]))
    return F.linear(hidden, state["2.weight"], state["2.bias"])


def batches(loss, seed=0):
    for k in range(STEPS):
        x = randn(6 + k, 5, seed=seed + 50 + k)
        labels = torch.randint(3, (len(x),), generator=generator(seed + k))
        yield x, labels if loss == "cross_entropy" else randn(len(x), 3, seed=seed + 90 + k) * 3


def replay(loss, rule, lr, max_norm):
    """The losses, and the weights after the steps, as they should be."""
    state, losses = weights(), []
    memories = {name: {} for name in state}
    for x, y in batches(loss):
        leaves = {name: p.clone().requires_grad_() for name, p in state.items()}
        value = LOSSES[loss](outputs(leaves, x), y)
        grads = torch.autograd.grad(value, list(leaves.values()))
        if max_norm is not None:
            length = math.sqrt(sum(float(g.square().sum()) for g in grads))
            grads = [g * min(1.0, max_norm / (length + 1e-6)) for g in grads]
        for (name, p), g in zip(list(state.items()), grads, strict=True):
            state[name] = RULES[rule](p, g, memories[name], lr)
        losses.append(float(value.detach()))
    return losses, state


def trained(submission, loss, rule, lr, max_norm, prepare=lambda model: None):
    model = submission.mlp([5, 7, 3]).double()
    model.load_state_dict(weights())
    opt = submission.optimiser(model, rule, lr)
    given = submission.value(loss)
    losses = []
    for x, y in batches(loss):
        prepare(model)
        args = (model, opt, given, x, y)
        losses.append(
            submission.train_step(*args, max_norm) if max_norm else submission.train_step(*args)
        )
    return losses, model


def assert_same_training(submission, loss, rule, lr=0.05, max_norm=None, **how):
    expected, state = replay(loss, rule, lr, max_norm)
    losses, model = trained(submission, loss, rule, lr, max_norm, **how)
    clip = f", max_norm {max_norm}" if max_norm else ""
    what = f"after {STEPS} steps of {rule} on {loss}{clip}"
    final = model.state_dict()
    for name, value in state.items():
        assert_close(final[name], value, f"{name} {what}", rtol=1e-6, atol=1e-8)
    for k, (got, right) in enumerate(zip(losses, expected, strict=True), 1):
        assert_loss(got, right, f"train_step number {k} of {rule} on {loss}{clip}")


def assert_loss(got, expected, what, rtol=1e-6):
    if type(got) is not float:
        raise Mismatch(
            f"{what}: returned {describe(got)}, expected a float", next_step="loss.item()"
        )
    if not math.isclose(got, expected, rel_tol=rtol, abs_tol=1e-9):
        raise Mismatch(f"{what}: got {got:.6g}, expected {expected:.6g}")


@weight(2)
@pytest.mark.parametrize("rule", sorted(RULES))
def check_trains(submission, rule):
    """train_step: five steps of {rule} give the weights of a replay, and the losses before each."""
    for loss in LOSSES:
        assert_same_training(submission, loss, rule)


@weight(2)
def check_clips(submission):
    """train_step: with max_norm the whole gradient is scaled to that length, only where longer."""
    for rule, max_norm in (("sgd", 0.5), ("momentum", 2.0), ("sgd", 1e6)):
        assert_same_training(submission, "squared_error", rule, max_norm=max_norm)


@weight(2)
def check_forgets_old_gradients(submission):
    """train_step: gradients that lay in the parameters before the call do not matter."""
    for rule in ("sgd", "adam"):
        assert_same_training(submission, "cross_entropy", rule, prepare=submission.stain)


def check_trains_in_training_mode(submission):
    """train_step: a model that comes in evaluation mode is trained in training mode, and stays."""
    model = submission.normalised(4, 3).eval()
    opt = submission.optimiser(model, "sgd", 0.1)
    x = randn(8, 4, seed=1, dtype=torch.float32) + 5
    y = torch.arange(8) % 3
    submission.train_step(model, opt, submission.value("cross_entropy"), x, y)
    if model.training is not True:
        raise Mismatch("model.training after train_step: got False, expected True")
    mean = model.state_dict()["0.running_mean"]
    assert_close(mean, 0.1 * x.mean(0), "running_mean of a batch normalisation after one step")


def check_keeps_the_batch(submission):
    """train_step: the batch is left as it is."""
    model = submission.mlp([5, 7, 3]).double()
    opt, loss = submission.optimiser(model, "sgd", 0.1), submission.value("cross_entropy")
    x, y = next(batches("cross_entropy"))
    _, after, _ = submission.train_step.keeping(model, opt, loss, x, y)
    assert_equal(after[3], x.clone(), "xb after train_step")
    assert_equal(after[4], y.clone(), "yb after train_step")


def double(epochs, lr):
    """The losses of y = 2 x, from the same start."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(42)
        layer = torch.nn.Linear(1, 1)
    w, b = float(layer.weight.detach()), float(layer.bias.detach())
    losses = []
    for _ in range(epochs):
        errors = [(x, w * x + b - 2 * x) for x in (1, 2, 3, 4)]
        losses.append(sum(e * e for _, e in errors) / 4)
        w -= lr * sum(2 * e * x for x, e in errors) / 4
        b -= lr * sum(2 * e for _, e in errors) / 4
    return losses


def check_first_loop(submission):
    """first_loop: the losses of epochs 0, 1, 5 and 19 are right, also for other epochs and lr."""
    for given in ({}, {"epochs": 6, "lr": 0.02}, {"epochs": 30}):
        settings = {"epochs": 20, "lr": 0.1, **given}
        losses, got = double(**settings), submission.first_loop(**given)
        expected = {e: losses[e] for e in (0, 1, 5, 19) if e < settings["epochs"]}
        what = f"first_loop({', '.join(f'{k}={v}' for k, v in given.items())})"
        if not isinstance(got, dict) or sorted(map(str, got)) != sorted(map(str, expected)):
            raise Mismatch(f"{what}: returned {describe(got)}, expected the epochs {[*expected]}")
        for epoch, loss in expected.items():
            assert_loss(got.get(epoch), loss, f"epoch {epoch} of {what}", rtol=1e-3)


@weight(2)
@pytest.mark.parametrize(
    ("labels", "bar"), [("true", 0.02), ("random", 0.1)], ids=["true", "random"]
)
def check_overfits_one_batch(submission, seed, record, labels, bar):
    """overfit_one_batch: 32 rows with {labels} labels end at a loss of at most {bar}."""
    g = generator(seed)
    y = torch.randint(10, (32,), generator=g)
    x = (torch.rand(10, 64, generator=g)[y] + 0.2 * torch.randn(32, 64, generator=g)).clamp(0, 1)
    if labels == "random":
        y = torch.randint(10, (32,), generator=g)
    model = submission.mlp([64, 64, 10])
    losses = submission.overfit_one_batch(model, x, y, 100)
    if not isinstance(losses, list) or [type(each) for each in losses] != [float] * 100:
        raise Mismatch(f"overfit_one_batch: returned {describe(losses)}, expected 100 floats")
    state = model.state_dict()
    for name, shape in (("0.weight", (64, 64)), ("2.weight", (10, 64))):
        assert_close(state[name] * 0, torch.zeros(shape), f"{name} times 0, after the training")
    final = float(F.cross_entropy(outputs(state, x), y))
    record.measure(f"loss of one batch, {labels} labels", final, bar=bar, better="lower")
    if not final <= bar:
        advice = "try another learning rate or optimiser"
        if abs(losses[-1] - 1.48) < 0.06:
            advice = "your own loss stalls near 1.46: cross-entropy wants logits, not softmax"
        message = (
            f"after 100 steps the loss of the batch is {final:.4f}, at most {bar} is asked for"
        )
        raise Mismatch(message, next_step=advice)


def names(submission, constant, allowed):
    got = submission.value(constant)
    if not isinstance(got, list | tuple) or not all(isinstance(each, str) for each in got):
        raise Mismatch(f"{constant}: {describe(got)}, expected a list of names")
    for each in got:
        if each not in allowed:
            raise Mismatch(f"{constant}: `{each[:40]}` is none of the names")
    if len(set(got)) != len(got):
        raise Mismatch(f"{constant}: a name stands there twice")
    return list(got)


def check_order(submission):
    """ORDER: all six parts are there, in an order that works, and MAY_BE_MISSING is right."""
    order = names(submission, "ORDER", PARTS)
    if set(order) != PARTS:
        raise Mismatch(f"ORDER: {len(order)} of the 6 parts are there")
    place = {part: k for k, part in enumerate(order)}
    chain = ["forward", "loss", "backward", "clip", "step"]
    if sorted(chain, key=place.get) != chain:
        raise Mismatch("ORDER: a part stands before one whose result it needs")
    if place["backward"] < place["zero_grad"] < place["step"]:
        raise Mismatch("ORDER: the step would find no gradients")
    if names(submission, "MAY_BE_MISSING", PARTS) != ["clip"]:
        raise Mismatch("MAY_BE_MISSING: not those that a sound training step can do without")


def check_proves(submission):
    """PROVES: it is known what one overfitted batch proves, and what it does not."""
    wrong = set(names(submission, "PROVES", CLAIMS)) ^ PROVED
    if wrong:
        advice = "a batch with random labels can be overfitted as well"
        raise Mismatch(f"PROVES: {len(wrong)} of the 8 claims are judged wrong", next_step=advice)
