import math

import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_equal,
    assert_raises,
    generator,
    randn,
    seeds,
    weight,
)
from grader.oracle.values import describe

KEYS = {"loss": float, "accuracy": float, "n": int}
SMOOTHING = {"plain_loss": 0.0, "smoothed_loss": 0.3}


def state(features, classes, seed):
    """Large weights, and statistics far from those of the data."""
    return {
        "norm.weight": randn(features, seed=seed),
        "norm.bias": randn(features, seed=seed + 1),
        "norm.running_mean": randn(features, seed=seed + 2),
        "norm.running_var": randn(features, seed=seed + 3).square() + 0.5,
        "norm.num_batches_tracked": torch.tensor(3),
        "head.weight": randn(classes, features, seed=seed + 4) * 2,
        "head.bias": randn(classes, seed=seed + 5),
    }


def made(submission, weights, training=True):
    features, classes = len(weights["norm.bias"]), len(weights["head.bias"])
    model = submission.Net(features, classes).double()
    model.load_state_dict(weights)
    return model.train(training)


def batches(sizes, features, classes, seed):
    g = generator(seed)
    x = randn(sum(sizes), features, seed=seed + 9)
    y = torch.randint(classes, (sum(sizes),), generator=g)
    return list(zip(x.split(sizes), y.split(sizes), strict=True))


def truth(weights, loader, smoothing=0.0):
    """Loss, accuracy, number and confusion matrix, of all rows at once."""
    x, y = (torch.cat(parts) for parts in zip(*loader, strict=True))
    stats = (weights[f"norm.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
    logits = F.linear(F.batch_norm(x, *stats), weights["head.weight"], weights["head.bias"])
    loss, guess, classes = (
        F.cross_entropy(logits, y, label_smoothing=smoothing),
        logits.argmax(1),
        logits.shape[1],
    )
    confusion = torch.tensor(
        [[int(((y == t) & (guess == p)).sum()) for p in range(classes)] for t in range(classes)]
    )
    right = int((guess == y).sum())
    return {"loss": float(loss), "accuracy": right / len(y), "n": len(y), "confusion": confusion}


def assert_metrics(got, expected, what, only=(), rtol=1e-6):
    """The metrics agree, each of its own type."""
    if not isinstance(got, dict) or set(got) != set(expected):
        raise Mismatch(
            f"{what}: returned {describe(got)}, expected a dict of {', '.join(expected)}"
        )
    for key, kind in KEYS.items():
        if type(got[key]) is not kind:
            raise Mismatch(
                f"{key} of {what}: {describe(got[key])}, expected a plain {kind.__name__}"
            )
        if (not only or key in only) and not math.isclose(
            got[key], expected[key], rel_tol=rtol, abs_tol=1e-9
        ):
            raise Mismatch(f"{key} of {what}: got {got[key]:.6g}, expected {expected[key]:.6g}")
    if not only or "confusion" in only:
        assert_equal(got["confusion"], expected["confusion"], f"confusion of {what}")


def measured(submission, model, loader, loss="plain_loss"):
    return submission.evaluate(model, loader, submission.value(loss))


@weight(3)
@settings(max_examples=20)
@example(sizes=[7, 7, 1], classes=3, loss="plain_loss", seed=0)
@example(sizes=[1, 9], classes=2, loss="smoothed_loss", seed=1)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    classes=st.integers(2, 5),
    loss=st.sampled_from(sorted(SMOOTHING)),
    seed=seeds(),
)
def check_mean_over_rows(submission, sizes, classes, loss, seed):
    """Loss, accuracy and n are those of all rows at once, however they are cut into batches."""
    weights, loader = state(4, classes, seed), batches(sizes, 4, classes, seed)
    got = measured(submission, made(submission, weights, training=False), loader, loss)
    expected = truth(weights, loader, SMOOTHING[loss])
    assert_metrics(got, expected, f"batches of {sizes} with {loss}", only=KEYS)


@weight(2)
def check_confusion(submission):
    """confusion[t, p] counts the rows of true class t that were called p, every one of them."""
    for seed in range(4):
        weights, loader = state(4, 3, seed), batches([20, 15, 2], 4, 3, seed)
        got = measured(submission, made(submission, weights, training=False), loader)
        assert_metrics(got, truth(weights, loader), "37 rows", only=("confusion",))


@weight(2)
def check_measures_in_evaluation_mode(submission):
    """A model in training mode is measured in evaluation mode, in dropout and normalisation."""
    weights, loader = state(5, 4, 3), batches([6, 6, 3], 5, 4, 3)
    model = made(submission, weights)
    first = measured(submission, model, loader)
    for layer, name in enumerate(("batch normalisation", "dropout")):
        if any(call[layer] for call in model.calls):
            raise Mismatch(f"{name} was in training mode while you measured")
    assert_metrics(first, truth(weights, loader), "a model that came in training mode")
    assert_metrics(measured(submission, model, loader), first, "the same model measured again")


def check_leaves_the_state(submission):
    """Parameters, buffers and batches are afterwards what they were."""
    weights, loader = state(5, 4, 6), batches([6, 3], 5, 4, 6)
    model = made(submission, weights)
    loss = submission.value("plain_loss")
    _, (_, after, _), _ = submission.evaluate.keeping(model, loader, loss)
    for name, value in model.state_dict().items():
        assert_equal(value, weights[name], f"{name} after evaluate")
    for k, (pair, before) in enumerate(zip(after, loader, strict=True)):
        for name, now, then in zip("xy", pair, before, strict=True):
            assert_equal(now, then.clone(), f"{name} of batch {k} after evaluate")


def check_gradients_are_off(submission):
    """Gradients are switched off while the model runs, and the model runs once per batch."""
    loader = batches([4] * 30, 5, 4, 0)
    model = made(submission, state(5, 4, 0))
    measured(submission, model, loader)
    calls = model.calls
    if len(calls) != 30:
        raise Mismatch(f"the model was called {len(calls)} times for 30 batches")
    if any(call[2] for call in calls):
        raise Mismatch("gradients were on while the model ran", next_step="use torch.no_grad()")


def check_restores_the_mode(submission):
    """model.training is afterwards what it was before, be it True or False."""
    for training in (True, False):
        model = made(submission, state(5, 4, 1), training)
        measured(submission, model, batches([4, 3], 5, 4, 1))
        assert_mode(model, training, "after evaluate")


def check_restores_the_mode_after_an_error(submission):
    """Where a batch raises, the mode is put back too, and the error goes on to the caller."""
    wrong = (torch.zeros(2, 3).double(), torch.tensor([0, 1]))
    for training in (True, False):
        model = made(submission, state(5, 4, 1), training)
        with assert_raises("a second batch of another width", "RuntimeError"):
            measured(submission, model, [*batches([4], 5, 4, 1), wrong])
        assert_mode(model, training, "after a batch that raised")


def assert_mode(model, training, when):
    if model.training is not training:
        raise Mismatch(f"model.training {when}: got {model.training}, expected {training}")


def check_float32(submission):
    """A float32 model is measured as well, with a float as the loss."""
    weights, loader = state(4, 3, 8), batches([9, 2], 4, 3, 8)
    model = made(submission, weights, training=False).float()
    got = measured(submission, model, [(x.float(), y) for x, y in loader])
    assert_metrics(got, truth(weights, loader), "a float32 model", rtol=1e-5)


def check_empty_loader(submission):
    """A loader without batches is a ValueError that names it."""
    for training in (True, False):
        model = made(submission, state(4, 3, 0), training)
        with assert_raises("evaluate(model, [], loss_fn)", naming="loader"):
            measured(submission, model, [])
        assert_mode(model, training, "after the empty loader")
