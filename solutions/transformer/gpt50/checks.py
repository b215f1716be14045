import math
import statistics

import torch
import torch.nn.functional as F
from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_causal,
    assert_close,
    assert_equal,
    assert_keeps_inputs,
    assert_raises,
    assert_state_round_trip,
    assert_tensor,
    generator,
    seeds,
    sides,
    weight,
)

VOCAB, BLOCK = 17, 13
"""Primes that no weight inside a block shares with the tables, which are told apart by them."""


def tokens(*shape, seed=0, vocab=VOCAB):
    return torch.randint(0, vocab, shape, generator=generator(seed))


def others(idx, vocab=VOCAB):
    """Another token at every place."""
    return (idx + 1) % vocab


def bold(submission, *sizes, seed=0, inner=1.0):
    """A model whose weights are large enough that a wrong detail shows in the logits.

    Args:
        sizes  vocab_size, block_size, d_model, n_heads, n_layers
        inner  factor of the weights inside the blocks; tables and head are always drawn N(0, 1)
    """
    model = submission.GPT(*sizes).eval()
    rng, state = generator(seed), {}
    for name, shape, *_ in model.parameters():
        if len(shape) >= 2:
            scale = 1.0 if set(shape) & set(sizes[:2]) else inner * sizes[2] ** -0.5
            state[name] = scale * torch.randn(shape, generator=rng)
        elif name.endswith("bias"):
            state[name] = 0.1 * torch.randn(shape, generator=rng)
    model.load_state_dict(state, strict=False)
    return model


def logits_of(model, idx, vocab=VOCAB):
    shape = (*idx.shape, vocab)
    return assert_tensor(model(idx), "model(idx)", shape=shape, dtype=torch.float32)


def moved(a, b):
    """The largest difference."""
    return float((a - b).abs().max())


@st.composite
def cases(draw):
    """Sizes of a small model, a seed for its weights, and the length of an input."""
    n_heads = draw(sides(1, 3))
    d_model = n_heads * 2 * draw(sides(2, 4))
    length = draw(sides(2, 9))
    block = max(length, draw(sides(2, 13)))
    return (draw(sides(5, 19)), block, d_model, n_heads, draw(sides(1, 3))), draw(seeds()), length


FIXED = (VOCAB, BLOCK, 24, 3, 2), 3, 9
"""Three heads, two layers, and an input shorter than the block."""


@given(case=cases(), batch=sides(1, 3))
@example(case=FIXED, batch=2)
@example(case=((VOCAB, BLOCK, 24, 3, 2), 1, 1), batch=1)
@example(case=((VOCAB, BLOCK, 24, 3, 2), 1, BLOCK), batch=2)
@settings(max_examples=15)
def check_shape(submission, case, batch):
    """Token ids (B, T) become float32 logits (B, T, V), for any T up to block_size."""
    sizes, seed, length = case
    idx = tokens(batch, length, seed=seed, vocab=sizes[0])
    logits_of(submission.GPT(*sizes), idx, sizes[0])


def check_defaults(submission):
    """GPT(vocab_size, block_size) alone makes the model of width 64 with two layers."""
    plain = sum(math.prod(p.shape) for p in submission.GPT(VOCAB, BLOCK).parameters())
    named = submission.GPT(
        vocab_size=VOCAB, block_size=BLOCK, d_model=64, n_heads=4, n_layers=2
    ).parameters()
    expected = sum(math.prod(p.shape) for p in named)
    if plain != expected:
        raise Mismatch(f"GPT(V, T): {plain} parameters, GPT(V, T, 64, 4, 2) has {expected}")


def check_too_long(submission):
    """An input longer than block_size raises ValueError or AssertionError."""
    model = submission.GPT(VOCAB, 5, 24, 3, 1)
    with assert_raises("6 tokens, block_size 5", "ValueError", "AssertionError"):
        model(tokens(2, 6))


@weight(3)
@given(case=cases())
@example(case=FIXED)
@settings(max_examples=20)
def check_causal(submission, case):
    """Changing what comes after position t leaves the logits up to t equal to the bit."""
    sizes, seed, length = case
    model = bold(submission, *sizes, seed=seed)
    idx = tokens(2, length, seed=seed, vocab=sizes[0])
    assert_causal(model, idx, others(idx, sizes[0]), "model(idx)")


def check_future_is_not_remembered(fresh):
    """A process that never met the rest of the input gives the same logits up to position t."""
    whole, t = tokens(2, 9, seed=12), 4
    mixed = torch.cat([whole[:, : t + 1], others(whole[:, t + 1 :])], 1)
    logits = []
    for idx in (whole, mixed):
        with fresh() as submission:
            logits.append(logits_of(bold(submission, VOCAB, BLOCK, 24, 3, 2), idx))
    before, after = (each[:, : t + 1] for each in logits)
    step = "compute the logits from the input alone, and keep nothing between calls"
    assert_equal(after, before, "model(idx) in a process of its own", next_step=step)


@weight(2)
@given(case=cases())
@example(case=FIXED)
@settings(max_examples=15)
def check_prefix(submission, case):
    """The logits of a prefix are those of the whole input: positions count from the start."""
    sizes, seed, length = case
    model = bold(submission, *sizes, seed=seed)
    idx = tokens(2, length, seed=seed, vocab=sizes[0])
    whole = logits_of(model, idx, sizes[0])
    for t in range(1, length):
        what = f"model(idx[:, :{t}])"
        assert_close(model(idx[:, :t].contiguous()), whole[:, :t], what, rtol=1e-4, atol=1e-4)


@weight(2)
def check_past_matters(submission):
    """Every token of the past moves the last logits."""
    model = bold(submission, VOCAB, BLOCK, 24, 3, 2)
    idx = tokens(1, BLOCK, seed=1)
    last = logits_of(model, idx)[:, -1]
    for s in range(BLOCK):
        changed = idx.clone()
        changed[:, s] = others(changed[:, s])
        if not moved(logits_of(model, changed)[:, -1], last) > 1e-6:
            raise Mismatch(f"another token at position {s} of {BLOCK} leaves the last logits alone")


@weight(2)
def check_order_matters(submission):
    """Swapping two tokens of the past moves the last logits, already with one layer."""
    model = bold(submission, VOCAB, BLOCK, 24, 3, 1)
    idx = torch.arange(10)[None]
    swapped = idx.clone()
    swapped[0, [2, 5]] = idx[0, [5, 2]]
    gap = moved(logits_of(model, swapped)[:, -1], logits_of(model, idx)[:, -1])
    if not gap > 1e-3:
        raise Mismatch(
            "swapping the tokens at positions 2 and 5 leaves the last logits alone",
            error=gap,
            allowed=1e-3,
            next_step="attention alone sees a set: tell it where each token stands",
        )


@weight(2)
def check_scores_are_scaled(submission):
    """Scores are divided by the square root of the head's width, neither more nor less."""
    spread = statistics.median(spread_of_influence(submission, seed) for seed in range(9))
    low, high = 15, 27
    message = (
        f"the last position listens to about {spread:.1f} of 32 past tokens, expected 18 to 26"
    )
    if spread < low:
        step = "divide the scores by math.sqrt(d_model / n_heads) before softmax"
        raise Mismatch(message, error=spread, allowed=low, next_step=step)
    if spread > high:
        step = "divide by the square root of the width of one head, not of d_model, and only once"
        raise Mismatch(message, error=spread, allowed=high, next_step=step)


def spread_of_influence(submission, seed):
    """How many of 32 past tokens move the last logits: (sum c)^2 / sum c^2 of their shares c.

    With random weights, unscaled scores make softmax listen to a few, over-scaled ones to all.
    Measured medians: right 22 to 25, divided by sqrt(d_model) 28 to 30, by the width 31, by
    nothing 7 to 8.
    """
    vocab, T = 40, 33
    model = bold(submission, vocab, T, 256, 4, 1, seed=seed)
    idx = tokens(1, T, seed=seed, vocab=vocab).repeat(T, 1)
    past = torch.arange(T - 1)
    idx[past, past] = others(idx[past, past], vocab)
    last = logits_of(model, idx, vocab)[:, -1]
    shares = (last[:-1] - last[-1]).norm(dim=1)
    return float(shares.sum() ** 2 / shares.square().sum().clamp_min(1e-30))


@weight(2)
def check_residual(submission):
    """With every weight inside the blocks at zero, a position still knows its own token."""
    model = bold(submission, VOCAB, BLOCK, 24, 3, 2, inner=0.0)
    idx = tokens(1, 9, seed=2)
    for t in (0, 4, 8):
        changed = idx.clone()
        changed[:, t] = others(changed[:, t])
        gap = moved(logits_of(model, changed)[:, t], logits_of(model, idx)[:, t])
        if not gap > 1e-3:
            raise Mismatch(
                f"blocks that do nothing hide the token at position {t} from its own logits",
                error=gap,
                allowed=1e-3,
                next_step="both halves of a block add to the stream: x = x + ...",
            )


@weight(2)
def check_batch_independent(submission):
    """A row gives the same logits to the bit, whatever the other rows of its batch hold."""
    model = bold(submission, VOCAB, BLOCK, 24, 3, 2)
    idx = tokens(4, 7, seed=3)
    before = logits_of(model, idx)
    for row in range(4):
        changed = others(idx)
        changed[row] = idx[row]
        what = f"model(idx): row {row}, beside other rows"
        assert_equal(logits_of(model, changed)[row], before[row], what)


def check_first_guess(submission):
    """A fresh model guesses: its loss on random tokens is within 10 % of ln V."""
    vocab = 65
    model = submission.GPT(vocab, 64).eval()
    idx = tokens(16, 65, seed=4, vocab=vocab)
    loss = cross_entropy(logits_of(model, idx[:, :-1].contiguous(), vocab), idx[:, 1:])
    guess = math.log(vocab)
    if not abs(loss - guess) <= 0.1 * guess:
        message = f"the first loss is {loss:.2f}, and ln {vocab} = {guess:.2f}"
        step = "draw smaller first weights, such as N(0, 0.02) for the tables and the head"
        raise Mismatch(message, error=abs(loss - guess), allowed=0.1 * guess, next_step=step)


def cross_entropy(logits, targets):
    return float(F.cross_entropy(logits.flatten(0, 1).double(), targets.flatten()))


@weight(2)
def check_layers(submission):
    """Each layer adds an attention and an MLP of its own: as many parameters every time."""
    d_model = 24
    counts = [
        sum(math.prod(p.shape) for p in submission.GPT(VOCAB, BLOCK, d_model, 3, n).parameters())
        for n in (1, 2, 3)
    ]
    first, second = counts[1] - counts[0], counts[2] - counts[1]
    if first <= 0 or first != second:
        message = f"1, 2, 3 layers have {counts[0]}, {counts[1]}, {counts[2]} parameters"
        step = "make n_layers blocks, and hold them in nn.Sequential or nn.ModuleList"
        raise Mismatch(message, next_step=step)
    share = first / d_model**2
    if not 8 <= share <= 20:
        message = f"a layer has {share:.1f} d_model^2 parameters, expected about 12"
        raise Mismatch(message, next_step="attention has 4 d_model^2, the MLP 8 d_model^2")


def check_at_most_ten_million_parameters(submission):
    """The default model has at most ten million parameters."""
    count = sum(math.prod(p.shape) for p in submission.GPT(65, 64).parameters())
    if count > 10_000_000:
        raise Mismatch(f"{count:,} parameters", error=count, allowed=10_000_000)


def check_every_parameter_is_used(submission):
    """Every parameter receives a gradient."""
    model = bold(submission, VOCAB, BLOCK, 24, 3, 2)
    idx = tokens(2, BLOCK, seed=5)
    cotangent = torch.randn(2, BLOCK, VOCAB, generator=generator(6))
    gradients = model.vjp(idx, cotangent=cotangent).parameters
    unused = [name for name, gradient in gradients.items() if gradient is None]
    if unused or not gradients:
        names = f": {unused[0]}" + (f" and {len(unused) - 1} more" if unused[1:] else "")
        raise Mismatch("parameters without a gradient" + (names if unused else ""))


@weight(2)
def check_heads_matter(submission):
    """The same weights split into 1 and into 3 heads give different logits."""
    one, three = (bold(submission, VOCAB, BLOCK, 24, n, 2, seed=7) for n in (1, 3))
    if [p.shape for p in one.parameters()] != [p.shape for p in three.parameters()]:
        return  # one module for each head
    three.load_state_dict(one.state_dict())
    idx = tokens(2, 9, seed=7)
    if moved(logits_of(one, idx), logits_of(three, idx)) < 1e-4:
        step = "split q, k and v into n_heads parts; each has its own softmax"
        raise Mismatch("n_heads=1 and n_heads=3 give the same logits", next_step=step)


def check_raw_logits(submission):
    """The answers are raw logits: neither probabilities nor their logarithms."""
    logits = logits_of(bold(submission, VOCAB, BLOCK, 24, 3, 2), tokens(3, 9, seed=8))
    step = "return the head's output as it is; the loss applies softmax itself"
    if bool((logits >= 0).all()):
        raise Mismatch("no logit is negative", got=logits[0, :1], next_step=step)
    if float(logits.logsumexp(-1).abs().max()) < 1e-3:
        message = "the exponentials of the logits sum to 1: they are log-probabilities"
        raise Mismatch(message, got=logits[0, :1], next_step=step)


def check_nothing_is_random(submission):
    """In eval mode the same input gives the same logits to the bit, and stays as it was."""
    model = submission.GPT(VOCAB, BLOCK, 24, 3, 2).eval()
    idx = tokens(3, 9, seed=9)
    assert_equal(model(idx), logits_of(model, idx), "model(idx), asked again")
    assert_keeps_inputs(model, idx, what="model(idx)")


def check_state(submission):
    """A second model that loads the first one's state_dict() gives the same logits."""
    idx = tokens(2, BLOCK, seed=10)
    assert_state_round_trip(lambda: submission.GPT(VOCAB, BLOCK, 24, 3, 2), idx, "GPT")


@weight(3)
def check_can_learn(submission):
    """Trained on 4 rows of 32 random tokens, it knows them by heart: loss at most 0.05."""
    idx = tokens(4, 33, seed=11)
    model = submission.GPT(VOCAB, 32, 32, 4, 2).eval()
    loss, steps = memorise(model, idx[:, :-1].contiguous(), idx[:, 1:], steps=150)
    if loss > 0.05:
        message = f"after {steps} steps on 4 rows the loss is still {loss:.2f}"
        step = "overfit one small batch yourself first, and watch which part has no gradient"
        raise Mismatch(message, error=loss, allowed=0.05, next_step=step)


def memorise(model, idx, targets, steps, lr=1e-2):
    """Adam out here, gradients from the box. Returns the last loss and the steps it took."""
    names = {p.name for p in model.parameters()}
    state = {k: v for k, v in model.state_dict().items() if k in names}
    mean, square = ({k: torch.zeros_like(v) for k, v in state.items()} for _ in range(2))
    hot = F.one_hot(targets, VOCAB).float()
    for step in range(1, steps + 1):
        log_p = logits_of(model, idx).log_softmax(-1)
        loss = -float((hot * log_p).sum()) / targets.numel()
        if loss < 0.04:
            break
        slope = (log_p.exp() - hot) / targets.numel()
        for name, gradient in model.vjp(idx, cotangent=slope).parameters.items():
            if gradient is not None:
                mean[name].lerp_(gradient, 0.1)
                square[name].lerp_(gradient.square(), 0.05)
                size = (square[name] / (1 - 0.95**step)).sqrt() + 1e-8
                state[name] -= lr * mean[name] / (1 - 0.9**step) / size
        model.load_state_dict(state, strict=False)
    return loss, step
