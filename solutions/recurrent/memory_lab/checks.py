import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import nn

from grader.oracle import (
    Mismatch,
    accuracy,
    assert_close,
    assert_equal,
    assert_raises,
    assert_tensor,
    generator,
    randn,
    seeds,
    sides,
    unpack,
    weight,
)
from grader.oracle.values import describe
from grader.proxy import Refused, Remote

KINDS = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
STEPS, LONGEST = 400, 40
# Measured on 3 to 5 seeds: lengths growing from 5 to 40, or forget gates opened first and growing
# lengths, 1.00; 5 alone 0.98 to 1.00; 40 from the start 0.12 to 0.14, and chance is 0.125.
BAR = 0.95
# Over 8 seeds at distance 40: rnn at most 3e-10, lstm 1e-8, gru 4e-8, forget_bias 1 at least 2e-4,
# forget_bias 3 at least 0.2, the rnn with weights six times larger at least 1e5.
NETWORKS = {
    "rnn": ("rnn", None, 1),
    "lstm": ("lstm", None, 1),
    "gru": ("gru", None, 1),
    "lstm, forget_bias 1": ("lstm", 1, 1),
    "lstm, forget_bias 3": ("lstm", 3, 1),
    "rnn, scale 6": ("rnn", None, 6),
}
COMPARISON = {
    "longest way between two tokens, recurrent": "T",
    "longest way between two tokens, attention": "1",
    "steps that wait for each other, recurrent": "T",
    "steps that wait for each other, attention": "1",
    "growth of the cost, recurrent": "T",
    "growth of the cost, attention": "T^2",
    "bidirectional may classify a finished sentence": "yes",
    "bidirectional may predict the next word": "no",
    "clipping cures exploding gradients": "yes",
    "clipping cures vanishing gradients": "no",
}


def started(kind, I, H, forget_bias, scale, seed, dtype=torch.float64):
    """A cell of ours as torch starts it, with the biases and the scale of the task."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        cell = KINDS[kind](I, H, batch_first=True).to(dtype)
        cell.weight_hh_l0.mul_(scale)
        if forget_bias is not None:
            cell.bias_ih_l0[H : 2 * H], cell.bias_hh_l0[H : 2 * H] = forget_bias, 0
    return cell


def reach(cell, x):
    """The truth of grad_by_distance."""
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(cell(x)[0][:, -1].sum(), x)
    sizes = gradient.flip(1).transpose(0, 1).flatten(1).norm(dim=1)
    return sizes / sizes[0]


def loaded(submission, cell, kind):
    """The submission's cell with our weights."""
    mine = submission.make_cell(kind, cell.input_size, cell.hidden_size)
    if cell.weight_ih_l0.dtype is torch.float64:
        mine.double()
    mine.load_state_dict({name: value.clone() for name, value in cell.state_dict().items()})
    return mine


def state_of(submission, kind, *options):
    """The state of a cell 3 to 50, with the names and shapes of torch's own."""
    cell = submission.make_cell(kind, 3, 50, *options)
    state = cell.state_dict() if isinstance(cell, Remote) else None
    if not isinstance(state, dict):
        raise Mismatch(f"make_cell({kind!r}, ..): returned {describe(cell)}, expected a module")
    for name, right in started(kind, 3, 50, None, 1.0, 0).state_dict().items():
        assert_tensor(state.get(name), f"{name} of {kind}", shape=tuple(right.shape))
    return state


@weight(2)
def check_make_cell(submission):
    """make_cell: the kind, its sizes, the forget gates' biases, and the scale of weight_hh_l0."""
    for value in (1.0, -2.5):
        state = state_of(submission, "lstm", value)
        for name, right in (("bias_ih_l0", value), ("bias_hh_l0", 0.0)):
            i, forget, *others = state[name].chunk(4)
            what = f"{name} of make_cell('lstm', 3, 50, {value})"
            assert_equal(forget, torch.full((50,), right), f"{what}, forget gates")
            spread = torch.cat([i, *others]).std()
            assert_close(spread, torch.tensor(0.0816), f"{what}: spread of others", atol=0.02)
    for kind in KINDS:
        for scale in (1.0, 6.0):
            state = state_of(submission, kind, None, scale)
            # Uniform numbers up to a = 1 / sqrt(50) have a standard deviation of a / sqrt(3).
            for name, right in (("weight_hh_l0", scale * 0.0816), ("weight_ih_l0", 0.0816)):
                what = f"spread of {name} of {kind} with scale {scale:g}"
                assert_close(state[name].std(), torch.tensor(right), what, rtol=0.2)


@weight(3)
@example(kind="lstm", B=3, T=6, seed=0, scale=1.0)
@example(kind="rnn", B=2, T=9, seed=1, scale=3.0)
@given(
    kind=st.sampled_from(list(KINDS)),
    B=sides(1, 4),
    T=sides(1, 12),
    seed=seeds(),
    scale=st.sampled_from([1.0, 3.0]),
)
@settings(max_examples=12)
def check_grad_by_distance(submission, kind, B, T, seed, scale):
    """grad_by_distance: the gradient of the last output only, newest input first, relative."""
    cell = started(kind, 3, 5, None, scale, seed)
    x = randn(B, T, 3, seed=seed)
    expected = reach(cell, x)
    got = submission.grad_by_distance(loaded(submission, cell, kind), x)
    assert_close(got, expected, f"grad_by_distance of {kind}, x {tuple(x.shape)}", rtol=1e-7)


@weight(2)
def check_long_distances(submission, record):
    """grad_by_distance: over 60 steps in float32, tiny and huge gradients are right as well."""
    series = {}
    for name, (kind, forget_bias, scale) in NETWORKS.items():
        cell = started(kind, 8, 32, forget_bias, scale, 3, torch.float32)
        x = torch.randn(16, 60, 8, generator=generator(4))
        expected = reach(cell, x)
        got = submission.grad_by_distance(loaded(submission, cell, kind), x)
        assert_close(got, expected, f"grad_by_distance of {name}", rtol=0.05, atol=1e-30)
        logs = got.clamp(min=1e-30).log10().tolist()
        series[name] = tuple((float(d), value) for d, value in enumerate(logs))
    record.curve(
        title="Gradient by distance, hidden size 32",
        x_label="steps back",
        y_label="log10, relative to the last step",
        series=series,
        levels={},
    )


def check_grad_by_distance_changes_nothing(submission):
    """grad_by_distance: x, weights and gradients of the parameters stay as they were."""
    cell = started("lstm", 3, 5, None, 1.0, 0)
    mine, x = loaded(submission, cell, "lstm"), randn(2, 4, 3, seed=1)
    _, after, _ = submission.grad_by_distance.keeping(mine, x)
    assert_equal(after[1], x, "x after grad_by_distance")
    for name, value in mine.state_dict().items():
        assert_equal(value, cell.state_dict()[name], f"{name} after grad_by_distance")
    norms, _ = submission.ask({"op": "watch", "on": mine}, "grad_by_distance")["value"]
    if left := [name for name, norm in norms.items() if norm is not None]:
        what = f"{left[0]} of the cell has a gradient after grad_by_distance"
        raise Mismatch(what, next_step="torch.autograd.grad gives the gradient of x alone")


@weight(2)
@example(scales=[0.1, 5.0, 1e-6], max_norm=1.0, seed=0)
@example(scales=[1e4, 1e4], max_norm=0.5, seed=1)
@example(scales=[0.1, 0.1], max_norm=7.0, seed=2)
@given(
    scales=st.lists(st.sampled_from([1e-6, 0.1, 1.0, 100.0]), min_size=1, max_size=3),
    max_norm=st.sampled_from([0.5, 1.0, 7.0]),
    seed=seeds(),
)
@settings(max_examples=12)
def check_clip(submission, scales, max_norm, seed):
    """clip: one norm over all tensors; above max_norm all shrink alike, below it they stay."""
    shapes = [(3, 4), (4,), (2, 2, 2)]
    gradients = [
        randn(*shape, seed=seed + i) * scale
        for i, (shape, scale) in enumerate(zip(shapes, scales, strict=False))
    ]
    norm = torch.cat([each.flatten() for each in gradients]).norm()
    factor = min(1.0, max_norm / float(norm))
    got, after, _ = submission.clip.keeping(gradients, max_norm)
    got = unpack(got, len(gradients), "clip")
    for i, (mine, each, now) in enumerate(zip(got, gradients, after[0], strict=True)):
        assert_close(mine, each * factor, f"tensor {i} of clip, max_norm {max_norm}")
        assert_equal(now, each, f"argument {i} after clip")


@pytest.mark.parametrize("name", NETWORKS)
def check_conclusion(submission, name):
    """CONCLUSIONS says what becomes of the gradient of: {name}."""
    said = submission.value("CONCLUSIONS")
    said = said.get(name) if isinstance(said, dict) else None
    if said not in ("forgets", "remembers", "explodes"):
        raise Mismatch(f"CONCLUSIONS[{name!r}]: expected forgets, remembers or explodes")
    kind, forget_bias, scale = NETWORKS[name]
    fates = set()
    for seed in range(3):
        x = torch.randn(16, 60, 8, generator=generator(seed))
        at = reach(started(kind, 8, 32, forget_bias, scale, seed, torch.float32), x)[40]
        fates.add("forgets" if at < 1e-6 else "explodes" if at > 10 else "remembers")
    if fates != {said}:
        message = f"CONCLUSIONS[{name!r}] is {said!r}, and three networks of ours say otherwise"
        raise Mismatch(message, next_step="print grad_by_distance(make_cell(..), x)[40]")


def check_comparison(submission):
    """COMPARISON says what attention changes, what bidirectional may do, what clipping cures."""
    said = submission.value("COMPARISON")
    said = said if isinstance(said, dict) else {}
    wrong = [name for name, right in COMPARISON.items() if said.get(name) != right]
    if wrong:
        raise Mismatch(f"COMPARISON: {len(wrong)} of 10 are wrong, the first is {wrong[0]!r}")


def check_refuses_bad_arguments(submission):
    """make_cell refuses an unknown kind, and a forget bias where there is no forget gate."""
    with assert_raises("make_cell('attention', 3, 4)", naming="kind"):
        submission.make_cell("attention", 3, 4)
    for kind in ("rnn", "gru"):
        with assert_raises(f"make_cell({kind!r}, 3, 4, 1.0)", naming="forget_bias"):
            submission.make_cell(kind, 3, 4, 1.0)


class Batches:
    """`get_batch`: sequences whose first token is to be named, one batch for each step."""

    def __init__(self, seed):
        self.source, self.taken, self.lengths = generator(seed), 0, []
        self.names = names(seed)

    def __call__(self, T):
        if self.taken == STEPS:
            raise Refused(f"all {STEPS} batches are taken; call get_batch(T) once for each step")
        if type(T) is not int or not 1 <= T <= LONGEST:
            raise Refused(f"get_batch takes a whole number from 1 to {LONGEST}")
        self.taken += 1
        self.lengths.append(T)
        return sequences(32, T, self.source, self.names)


def names(seed):
    """The number that names each first token here: a state that was made elsewhere is lost."""
    return torch.randperm(8, generator=generator(seed + 2))


def sequences(count, T, source, names):
    x = torch.randint(8, 16, (count, T), generator=source)
    x[:, 0] = torch.randint(8, (count,), generator=source)
    return x, names[x[:, 0]]


class Recall(nn.Module):
    """Ours; only a state comes out of the box."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(16, 16), nn.Linear(48, 8)
        self.cell = nn.LSTM(16, 48, batch_first=True)

    def forward(self, x):
        return self.head(self.cell(self.embed(x))[0][:, -1])


@pytest.fixture(scope="module")
def training(fresh, seed, record):
    """The only training: what was yielded, which lengths were asked for, and the state."""
    batches, losses = Batches(seed % 10**6), []
    with fresh() as submission:
        model = submission.Recall("lstm")
        stream = submission.train_recall(model, batches, STEPS)
        if not isinstance(stream, Remote):
            what = f"train_recall returned {describe(stream)}, expected a generator"
            raise Mismatch(what, next_step="write `yield loss.item()` inside the loop")
        for step, loss in enumerate(stream, 1):
            if type(loss) is not float or batches.taken != step:
                what = f"at loss {step}, train_recall had taken {batches.taken} batches"
                raise Mismatch(f"{what} and yielded {describe(loss)}; one batch, one float a step")
            losses.append(loss)
            record.step(step, STEPS, loss)
        return losses, batches.lengths, model.state_dict()


def check_takes_one_batch_per_step(training, record):
    """train_recall: one batch and one loss in each of the 400 steps."""
    losses, lengths, _ = training
    if len(losses) != STEPS:
        raise Mismatch(f"train_recall yielded {len(losses)} losses, expected {STEPS}")
    record.curve(
        title="Training loss, as your code reported it",
        x_label="step",
        y_label="cross-entropy",
        series={
            "loss": tuple((float(i), loss) for i, loss in enumerate(losses, 1)),
            "length / 10": tuple((float(i), T / 10) for i, T in enumerate(lengths, 1)),
        },
        levels={"guessing, ln 8": 2.0794},
    )


@weight(3)
def check_remembers_forty_steps(training, seed, record):
    """train_recall: of 500 new sequences of length 40, at least 95% of first tokens are named."""
    _, lengths, state = training
    model, expected = Recall(), Recall().state_dict()
    state = state if isinstance(state, dict) else {}
    for name, value in expected.items():
        assert_tensor(state.get(name), f"{name} after training", shape=tuple(value.shape))
    model.load_state_dict({name: state[name] for name in expected})
    seed %= 10**6
    x, y = sequences(500, LONGEST, generator(seed + 1), names(seed))
    with torch.no_grad():
        share = accuracy(model(x).argmax(1), y)
    record.measure("accuracy at length 40", share, bar=BAR)
    if share < BAR:
        message = f"{share:.1%} of the first tokens are named after 40 steps, asked for {BAR:.0%}"
        short = max(lengths) < 5
        step = "let the lengths grow up to 40" if short else "begin with short sequences"
        raise Mismatch(message, error=share, allowed=BAR, next_step=step)
