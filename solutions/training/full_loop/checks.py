import math
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F

from grader import data
from grader.oracle import (
    Mismatch,
    accuracy,
    assert_close,
    assert_equal,
    assert_tensor,
    generator,
    randn,
    weight,
)
from grader.oracle.values import describe
from grader.proxy import Refused

LISTS = ("train", "val", "acc", "lr", "grad_norm")
SETTINGS = {"epochs": 6, "lr": 0.05, "weight_decay": 0.1, "max_norm": 0.5, "patience": 6}
BAR = 0.93


def constant(epoch):
    return 1.0


def falling(epoch):
    return 1.0 / (1 + epoch)


@dataclass
class Run:
    """One training in the box: what `fit` returned, and what it handed to `save`."""

    history: dict
    final: dict
    states: list
    settings: dict


def shaped(history):
    """The history, if each list is one of plain floats and all are equally long."""
    if not isinstance(history, dict) or set(history) != {*LISTS, "best_epoch"}:
        raise Mismatch(
            f"fit: returned {describe(history)}, expected {', '.join(LISTS)}, best_epoch"
        )
    for name in LISTS:
        row = history[name]
        if not isinstance(row, list) or not all(type(each) is float for each in row):
            raise Mismatch(f"{name}: expected a list of floats", next_step="use .item()")
        if len(row) != len(history["train"]):
            raise Mismatch(f"{name} has {len(row)} entries, train has {len(history['train'])}")
    if type(history["best_epoch"]) is not int:
        raise Mismatch(f"best_epoch: {describe(history['best_epoch'])}, expected an int")
    return history


def run(
    submission, model, batches, val, schedule=constant, told=lambda epoch, state: None, **given
):
    """Train `model` on batches(epoch), keeping the state_dict after every epoch."""
    settings, states, asked = {**SETTINGS, **given}, [], []
    first = model.state_dict()

    def train_batches(epoch):
        if epoch != len(asked) or epoch >= settings["epochs"]:
            raise Refused(
                f"train_batches({str(epoch)[:20]}) is not what comes now: {len(asked)} were"
            )
        asked.append(epoch)
        return batches(epoch)

    def save(epoch, state):
        if epoch != len(states) or len(asked) != len(states) + 1:
            raise Refused(f"save({str(epoch)[:20]}, state) is not what comes after this epoch")
        if not isinstance(state, dict) or set(state) != set(first):
            raise Refused("save wants the model's whole state_dict()")
        states.append(whole(state, first))
        told(epoch, state)

    history = shaped(
        submission.fit(model, train_batches, val, schedule=schedule, save=save, **settings)
    )
    if not len(states) == len(asked) == len(history["train"]):
        what = f"{len(asked)} epochs were run, {len(states)} saved"
        raise Mismatch(f"{what}, and the history has {len(history['train'])}")
    if settings["patience"] >= settings["epochs"] != len(states) or not states:
        what = f"{len(states)} of {settings['epochs']} epochs were run, with patience"
        raise Mismatch(f"{what} {settings['patience']}")
    return Run(history, whole(model.state_dict(), first), states, settings)


def whole(state, first):
    """A state_dict, if its tensors have the shapes and dtypes of the first one."""
    for name, like in first.items():
        assert_tensor(state[name], name, shape=tuple(like.shape), dtype=like.dtype)
    return state


def logits(state, x):
    """What the two given models compute in evaluation mode."""
    if "0.weight" in state:
        hidden = torch.tanh(F.linear(x, state["0.weight"], state["0.bias"]))
        return F.linear(hidden, state["2.weight"], state["2.bias"])
    hidden = F.linear(x, state["first.weight"], state["first.bias"])
    stats = (state[f"norm.{name}"] for name in ("running_mean", "running_var", "weight", "bias"))
    return F.linear(F.batch_norm(hidden, *stats).relu(), state["last.weight"], state["last.bias"])


def judged(states, val):
    """Validation loss and accuracy of each state."""
    x, y = (torch.cat(parts) for parts in zip(*val, strict=True))
    outs = [logits(state, x) for state in states]
    losses = [float(F.cross_entropy(out, y)) for out in outs]
    return losses, [float((out.argmax(1) == y).double().mean()) for out in outs]


def assert_list(got, expected, what, rtol=1e-6):
    for epoch, (mine, right) in enumerate(zip(got, expected, strict=True)):
        if not math.isclose(mine, right, rel_tol=rtol, abs_tol=1e-9):
            raise Mismatch(f"{what} of epoch {epoch}: got {mine:.6g}, expected {right:.6g}")


def weights(seed=0):
    shapes = {"0.weight": (6, 4), "0.bias": (6,), "2.weight": (3, 6), "2.bias": (3,)}
    return {name: randn(*shape, seed=seed + k) for k, (name, shape) in enumerate(shapes.items())}


def plain(submission):
    model = submission.plain(4, 6, 3).double()
    model.load_state_dict(weights())
    return model


def rows(sizes, seed, turned=0):
    """Batches of three classes that can be told apart; `turned` moves every label on."""
    x = randn(sum(sizes), 4, seed=seed)
    y = (x[:, :3].argmax(1) + turned) % 3
    return list(zip(x.split(sizes), y.split(sizes), strict=True))


def train_rows(epoch):
    return rows([9, 9, 2], 100 + epoch)


VAL = rows([8, 8, 1], 7)


def replay(settings, schedule):
    """Train losses, largest lengths, and the weights after each epoch, as they should be."""
    state, steps, losses, lengths, states = weights(), 0, [], [], []
    m, v = ({name: torch.zeros_like(p) for name, p in state.items()} for _ in range(2))
    for epoch in range(settings["epochs"]):
        lr, total, longest = settings["lr"] * schedule(epoch), 0.0, 0.0
        for x, y in train_rows(epoch):
            leaves = {name: p.clone().requires_grad_() for name, p in state.items()}
            loss = F.cross_entropy(logits(leaves, x), y)
            grads = torch.autograd.grad(loss, list(leaves.values()))
            length = math.sqrt(sum(float(g.square().sum()) for g in grads))
            steps, longest = steps + 1, max(longest, length)
            total += float(loss.detach()) * len(y)
            for name, g in zip(state, grads, strict=True):
                g = g * min(1.0, settings["max_norm"] / (length + 1e-6))
                m[name] = 0.9 * m[name] + 0.1 * g
                v[name] = 0.999 * v[name] + 0.001 * g * g
                size = (v[name] / (1 - 0.999**steps)).sqrt() + 1e-8
                decayed = state[name] * (1 - lr * settings["weight_decay"])
                state[name] = decayed - lr * m[name] / (1 - 0.9**steps) / size
        losses.append(total / 20)
        lengths.append(longest)
        states.append(dict(state))
    return losses, lengths, states


@weight(3)
def check_every_step(submission):
    """After each epoch the weights are those of a replay: AdamW, clipped, with the right rate."""
    for schedule, max_norm in ((constant, 1e6), (constant, 0.3), (falling, 0.3)):
        done = run(submission, plain(submission), train_rows, VAL, schedule, max_norm=max_norm)
        _, _, states = replay(done.settings, schedule)
        for epoch, (mine, right) in enumerate(zip(done.states, states, strict=True)):
            how = f"epoch {epoch}, max_norm {max_norm:g}, schedule {schedule.__name__}"
            for name, value in right.items():
                assert_close(mine[name], value, f"{name} after {how}", rtol=1e-6, atol=1e-8)


@weight(2)
def check_training_history(submission):
    """train, lr and grad_norm are means over rows, rates used, and lengths before clipping."""
    done = run(submission, plain(submission), train_rows, VAL, falling)
    losses, lengths, _ = replay(done.settings, falling)
    count = len(done.states)
    assert_list(done.history["lr"], [0.05 * falling(e) for e in range(count)], "lr")
    assert_list(done.history["train"], losses[:count], "train")
    assert_list(done.history["grad_norm"], lengths[:count], "grad_norm")


@weight(2)
def check_validation_history(submission):
    """val and acc are those of the saved weights, over all rows, in evaluation mode."""
    model = submission.Net(4, 6, 3).double()
    done = run(submission, model, train_rows, VAL)
    losses, shares = judged(done.states, VAL)
    assert_list(done.history["val"], losses, "val")
    assert_list(done.history["acc"], shares, "acc")


def check_modes(submission):
    """Training runs in training mode; validation in evaluation mode, with gradients off."""
    model = submission.Net(4, 6, 3).double()
    done = run(submission, model, train_rows, VAL, epochs=3)
    epoch = [(True, True)] * 3 + [(False, False)] * 3
    calls = model.calls
    if calls != epoch * 3:
        count = sum(training and k % 6 > 2 for k, (training, _) in enumerate(calls))
        what = f"{len(calls)} calls of the model in 3 epochs, {count} validations in training mode"
        if len(calls) == 18 and not count:
            trains = all(training for k, (training, _) in enumerate(calls) if k % 6 < 3)
            what = "gradients were on in validation" if trains else "a batch met evaluation mode"
        raise Mismatch(f"{what}; expected 3 batches in training, then 3 in evaluation mode")
    tracked = int(done.states[-1]["norm.num_batches_tracked"])
    if tracked != 9:
        raise Mismatch(f"batch normalisation took in {tracked} batches, 9 were for training")


def turning(*wrong):
    """Training batches whose labels are wrong in some epochs, so that validation gets worse."""
    return lambda epoch: rows([9, 9, 2], 100 + epoch, turned=int(epoch in wrong))


@weight(2)
@pytest.mark.parametrize("kind", ["plain", "Net"])
def check_ends_with_the_best(submission, kind):
    """{kind}: the model ends with all that it had after the epoch of the lowest validation loss."""
    model = plain(submission) if kind == "plain" else submission.Net(4, 6, 3).double()
    done = run(
        submission, model, turning(4, 5, 6, 7), VAL, lr=0.1, epochs=8, patience=8, max_norm=5.0
    )
    losses, _ = judged(done.states, VAL)
    best = losses.index(min(losses))
    if done.history["best_epoch"] != best:
        raise Mismatch(f"best_epoch: got {done.history['best_epoch']}, expected {best}")
    for name, value in done.states[best].items():
        what = f"{name} after fit, against the checkpoint of epoch {best}"
        assert_equal(done.final[name], value, what, next_step="is the best state a clone?")


@weight(2)
@pytest.mark.parametrize("patience", [1, 2, 4])
def check_stops_early(submission, patience):
    """Patience {patience}: it stops after so many epochs without a new best, and not before."""
    for wrong in (range(2, 14), range(5, 14), (1, 2, 6, 7)):
        given = {"lr": 0.1, "epochs": 14, "max_norm": 5.0, "patience": patience}
        done = run(submission, plain(submission), turning(*wrong), VAL, **given)
        due = stop(judged(done.states, VAL)[0], patience) or given["epochs"]
        if len(done.states) != due:
            what = f"labels are wrong from epoch {wrong[0]} on, patience {patience}"
            raise Mismatch(f"{what}: {len(done.states)} epochs were run, expected {due}")


def stop(losses, patience):
    """How many epochs are run until these losses end the training; None if they do not."""
    best = 0
    for epoch, loss in enumerate(losses):
        best = epoch if loss < losses[best] else best
        if epoch - best >= patience:
            return epoch + 1
    return None


def check_rate_zero_changes_nothing(submission):
    """With a learning rate of 0 every checkpoint equals the first weights, to the bit."""
    done = run(submission, plain(submission), train_rows, VAL, lr=0.0, epochs=4, patience=9)
    for epoch, state in enumerate([*done.states, done.final]):
        for name, value in weights().items():
            assert_equal(state[name], value, f"{name} after epoch {epoch} at rate 0")


@weight(2)
def check_learns_digits(submission, seed, record):
    """On scikit-learn's digits at least 93 % of 497 unseen images are read right."""
    order = torch.randperm(1797, generator=generator(seed))
    x, y = (part[order] for part in data.digits())
    val, epochs = list(zip(x[1000:1300].split(64), y[1000:1300].split(64), strict=True)), 15
    curve = []

    def batches(epoch):
        mixed = torch.randperm(1000, generator=generator(seed + epoch))
        return list(zip(x[mixed].split(64), y[mixed].split(64), strict=True))

    def told(epoch, state):
        curve.append(judged([state], val)[0][0])
        record.step(epoch + 1, epochs, curve[-1])

    given = {"epochs": epochs, "lr": 0.01, "weight_decay": 0.01, "max_norm": 1.0, "patience": 5}
    done = run(submission, submission.Net(64, 64, 10), batches, val, falling, told, **given)
    share = accuracy(logits(done.final, x[1300:]).argmax(1), y[1300:])
    record.measure("accuracy on unseen digits", share, bar=BAR)
    points = tuple((float(epoch), loss) for epoch, loss in enumerate(curve))
    record.curve(
        title="Validation loss on the digits, measured by the grader",
        x_label="epoch",
        y_label="cross-entropy",
        series={"validation": points},
        levels={"guessing, ln 10": 2.3026},
    )
    if share < BAR:
        raise Mismatch(f"{share:.1%} of the unseen digits are read right, asked for {BAR:.0%}")
