"""One fixture adapts a network that the grader trained on digits to other labels; the rest asks."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from grader import data
from grader.oracle import (
    Mismatch,
    accuracy,
    assert_accuracy,
    assert_equal,
    assert_raises,
    assert_tensor,
    generator,
    merit,
    weight,
)
from grader.oracle.values import describe

MODES = ("frozen", "finetune", "scratch")
# Measured on 5 seeds, on 497 images: from one image of each class frozen 0.86-0.91, finetune
# 0.86-0.91, scratch 0.57-0.68, finetune with one rate of 1e-2 for all 0.65-0.79 (0.08 to 0.24
# below frozen); from three of each class 0.95-0.98, 0.95-0.98 and 0.83-0.88.
BAR, ABOVE_SCRATCH, BELOW_FROZEN, MERIT = 0.75, 0.10, 0.05, 0.93


class Net(nn.Module):
    """The network of the stub."""

    def __init__(self, n_classes=10):
        super().__init__()
        self.layer1 = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.layer10 = nn.Sequential(
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.fc = nn.Linear(128, n_classes)

    def forward(self, images):
        return self.fc(self.layer10(self.layer1(images)).flatten(1))


def source(images, labels, seed):
    """The state of a Net that has learnt the digits, in about one CPU second."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Net()
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
        for _ in range(300):
            rows = torch.randint(len(images), (64,))
            loss = nn.functional.cross_entropy(model(images[rows]), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return {name: value.clone() for name, value in model.state_dict().items()}


@pytest.fixture(scope="module")
def trained(fresh, seed):
    """What `adapt` returned for each mode and number of images, and what it was given."""
    g = generator(seed)
    pixels, digits = data.digits()
    order = torch.randperm(len(pixels), generator=g)
    images, digits = pixels.view(-1, 1, 8, 8)[order], digits[order]
    labels = torch.randperm(10, generator=g)[digits]
    state = source(images[:900], digits[:900], seed)
    found = SimpleNamespace(source=state, x=images[1300:], y=labels[1300:], states={}, error=None)
    try:
        with fresh() as submission:
            for k in (1, 3):
                rows = [900 + (labels[900:1300] == c).nonzero()[:k, 0] for c in range(10)]
                rows = torch.cat(rows)
                for mode in MODES:
                    given = {name: value.clone() for name, value in state.items()}
                    got, kept, _ = submission.adapt.keeping(
                        given, images[rows], labels[rows], mode, 0
                    )
                    found.states[mode, k] = got
                    for name, value in state.items():
                        assert_equal(kept[0][name], value, f"adapt: its argument state, {name}")
    except Exception as error:
        found.error = error
    return found


def states(trained):
    """All states; each must fit the Net. Raises: what went wrong in training."""
    if trained.error:
        raise trained.error
    known = Net().state_dict()
    for (mode, k), state in trained.states.items():
        what = f'adapt, "{mode}", {k} of each class'
        if not isinstance(state, dict) or state.keys() != known.keys():
            raise Mismatch(f"{what}: got {describe(state)}, expected the whole state of the Net")
        for name, value in known.items():
            shape, dtype = tuple(value.shape), value.dtype
            assert_tensor(state[name], f"{what}: {name}", shape=shape, dtype=dtype)
    return trained.states


def score(trained, mode, k):
    model = Net().eval()
    model.load_state_dict(states(trained)[mode, k])
    with torch.no_grad():
        return accuracy(model(trained.x).argmax(1), trained.y)


def numbered(submission, n_classes=10):
    """A model in the box whose parameters differ everywhere, and its state."""
    model = submission.Net(n_classes)
    state = {
        name: torch.rand(value.shape, generator=generator(i)) + 0.5
        if value.is_floating_point()
        else value
        for i, (name, value) in enumerate(Net(n_classes).state_dict().items())
    }
    model.load_state_dict(state)
    return model, state


def trainable(model):
    return sorted(name for name, _, _, on in model.parameters() if on)


NAMES = [name for name, _ in Net().named_parameters()]


def under(*prefixes):
    return sorted(name for name in NAMES if name.startswith(tuple(f"{p}." for p in prefixes)))


def check_replaces_the_head_alone(submission):
    """The head has new weights for `n_classes`, is trainable, and all else is as it was."""
    for n_classes in (10, 3):
        model, state = numbered(submission)
        submission.freeze(model, ())
        changed = submission.replace_head(model, n_classes)
        after = changed.state_dict()
        assert_tensor(after["fc.weight"], "fc.weight", shape=(n_classes, 128))
        assert_tensor(after["fc.bias"], "fc.bias", shape=(n_classes,))
        for name in [each for each in state if not each.startswith("fc.")]:
            assert_equal(after[name], state[name], f"{name} after replace_head")
        if n_classes == 10 and torch.equal(after["fc.weight"], state["fc.weight"]):
            raise Mismatch("the head has its old weights")
        if trainable(changed) != ["fc.bias", "fc.weight"]:
            raise Mismatch(f"trainable in a frozen model with a new head: {trainable(changed)}")
        assert_tensor(model(torch.zeros(2, 1, 8, 8)), "logits", shape=(2, n_classes))


def check_freezes_by_whole_parts_of_a_name(submission):
    """Exactly the parameters below the prefixes are trainable; layer1 is not layer10."""
    model, _ = numbered(submission)
    for prefixes in (("layer1",), ("fc",), ("layer10", "fc"), (), ("layer10.0", "layer1.1")):
        submission.freeze(model, prefixes)
        if trainable(model) != under(*prefixes):
            got = ", ".join(trainable(model)) or "nothing"
            raise Mismatch(f"freeze, except {prefixes}: trainable is {got}")


def check_frozen_norms_stay_still(submission):
    """In a forward pass the running numbers of frozen BatchNorms stay, those of others move."""
    x = torch.rand(6, 1, 8, 8, generator=generator(0)) * 3
    for prefixes, moving in (
        (("fc",), ()),
        (("layer10", "fc"), ("layer10",)),
        (("layer1", "layer10", "fc"), ("layer1", "layer10")),
    ):
        model, state = numbered(submission)
        model.eval()
        submission.freeze(model, prefixes)
        submission.set_train_frozen_aware(model)
        if model.training is not True:
            raise Mismatch("the model itself is not in training mode")
        model(x)
        after = model.state_dict()
        for layer in ("layer1", "layer10"):
            for name in ("running_mean", "running_var"):
                name = f"{layer}.1.{name}"
                moved = not torch.equal(after[name], state[name])
                if moved != (layer in moving):
                    raise Mismatch(f"{name} {'moved' if moved else 'stayed'}, except {prefixes}")


@weight(2)
def check_groups_cover_each_parameter_once(submission):
    """Each trainable parameter is once in the group of its prefix, with its rate; no other is."""
    rates = {"fc": 1e-2, "layer10": 1e-3, "layer1": 1e-4}
    for open_ones, lrs in (
        (tuple(rates), rates),
        (("fc", "layer10"), rates),
        (("fc", "layer1"), {"layer1": 0.5, "fc": 0.25}),
        (tuple(rates), {"fc": 1.0, "layer10": 2.0, "layer1.0": 3.0, "layer1.1": 4.0}),
    ):
        model, state = numbered(submission)
        submission.freeze(model, open_ones)
        groups = submission.discriminative_groups(model, lrs)
        what = f"discriminative_groups, trainable {', '.join(open_ones)}"
        if not isinstance(groups, list) or not all(isinstance(each, dict) for each in groups):
            raise Mismatch(f"{what}: got {describe(groups)}, expected a list of dicts")
        if [each.get("lr") for each in groups] != list(lrs.values()):
            raise Mismatch(f"{what}: rates {[e.get('lr') for e in groups]}, not {[*lrs.values()]}")
        for prefix, group in zip(lrs, groups, strict=True):
            names = [n for n in NAMES if n in under(prefix) and n in under(*open_ones)]
            compare_group(group.get("params"), [state[n] for n in names], f"{what}: {prefix}")


def compare_group(got, expected, what):
    """The same tensors, in any order; no two of them are equal."""
    if not isinstance(got, list | tuple) or len(got) != len(expected):
        raise Mismatch(f"{what}: got {describe(got)}, expected {len(expected)} parameters")
    for value in got:
        if not any(isinstance(value, torch.Tensor) and torch.equal(value, e) for e in expected):
            raise Mismatch(f"{what}: holds {describe(value)} that does not belong there")


def check_a_parameter_without_rate_is_an_error(submission):
    """A trainable parameter below no prefix raises ValueError and is named; a frozen one may."""
    model, _ = numbered(submission)
    submission.freeze(model, ("layer1", "fc"))
    submission.discriminative_groups(model, {"layer1": 1e-4, "fc": 1e-2})
    with assert_raises("no rate for fc", "ValueError", naming="fc.weight"):
        submission.discriminative_groups(model, {"layer1": 1e-4})
    with assert_raises("no rate for layer1", "ValueError", naming="layer1.0.weight"):
        submission.discriminative_groups(model, {"layer10": 1e-4, "fc": 1e-2})


def check_unfreezes_from_the_top(submission):
    """The head first, then layer10, then layer1, and all of them in every later epoch."""
    order = ("fc", "layer10", "layer1")
    for epoch in (0, 1, 2, 3, 30):
        got, expected = submission.unfreeze_schedule(epoch), order[: epoch + 1]
        if got != expected:
            raise Mismatch(f"unfreeze_schedule({epoch}): got {got!r}, expected {expected}")


@weight(2)
def check_frozen_features_stay_to_the_bit(submission, trained):
    """With "frozen" all below the head stays, running numbers too, and the head is a new one."""
    for k in (1, 3):
        state = states(trained)["frozen", k]
        for name, value in trained.source.items():
            if not name.startswith("fc."):
                assert_equal(state[name], value, f'"frozen": {name}')
        if torch.equal(state["fc.weight"], trained.source["fc.weight"]):
            raise Mismatch('"frozen": the head is still the old one')


@weight(2)
def check_finetuning_starts_from_the_source(submission, trained):
    """With "finetune" every weight moves, but not far; "scratch" starts elsewhere."""
    for k in (1, 3):
        for name in ("layer1.0.weight", "layer10.0.weight"):
            old = trained.source[name]
            near = (states(trained)["finetune", k][name] - old).norm() / old.norm()
            far = (states(trained)["scratch", k][name] - old).norm() / old.norm()
            if near == 0:
                raise Mismatch(f'"finetune": {name} has not moved')
            if near > 0.5:
                raise Mismatch(f'"finetune": {name} moved by {near:.2f} of its norm', allowed=0.5)
            if far < 0.5:
                raise Mismatch(f'"scratch": {name} is the source\'s, or nearly', error=float(far))


@weight(3)
def check_features_pay(submission, trained, record):
    """From one image of each class, "frozen" reads 75 %, and 10 points more than "scratch"."""
    scores = {mode: score(trained, mode, 1) for mode in MODES}
    for mode, value in scores.items():
        record.measure(f"{mode}, one image of each class", value)
    assert_accuracy(scores["frozen"], BAR, '"frozen", one image of each class')
    gap = scores["frozen"] - scores["scratch"]
    if gap < ABOVE_SCRATCH:
        raise Mismatch(f'"frozen" is {gap:.3f} above "scratch"', allowed=ABOVE_SCRATCH)


@weight(2)
def check_finetuning_forgets_nothing(submission, trained):
    """From one image of each class, "finetune" is at most 5 points below "frozen"."""
    gap = score(trained, "frozen", 1) - score(trained, "finetune", 1)
    if gap > BELOW_FROZEN:
        message = f'"finetune" is {gap:.3f} below "frozen", allowed {BELOW_FROZEN}'
        raise Mismatch(message, next_step="give the blocks much smaller rates than the head")


@merit
def check_three_images_each(submission, trained, record):
    """From three images of each class, "finetune" reads 93 %."""
    curves = {m: tuple((k, score(trained, m, k)) for k in (1, 3)) for m in MODES}
    for mode in MODES:
        record.measure(f"{mode}, three of each class", curves[mode][1][1])
    record.curve(
        title="What the features are worth",
        x_label="images of each class",
        y_label="accuracy",
        series=curves,
    )
    assert_accuracy(curves["finetune"][1][1], MERIT, '"finetune", three of each class')


def check_other_modes_are_refused(submission):
    """Another mode raises ValueError and names it."""
    state = Net().state_dict()
    with assert_raises("adapt, mode half", "ValueError", naming="mode"):
        submission.adapt(dict(state), torch.zeros(10, 1, 8, 8), torch.arange(10), "half", 0)
