import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from grader.oracle import Mismatch, assert_raises, randn, seeds, weight

RTOL, ATOL = 1e-9, 1e-12
RATES = st.sampled_from([1e-3, 0.3, 2.0])
TOTALS = st.integers(1, 40)


def half_cosine(a, b, progress):
    return a + (b - a) * (1 - math.cos(math.pi * progress)) / 2


def linear(step, base, total):
    return base if step == 0 else max(0.0, base * (total - 1 - step) / max(1, total - 1))


def warm_cosine(step, base, warmup, total, min_lr=0.0):
    if step < warmup:
        return base * (step + 1) / warmup
    steps = total - 1 - warmup
    return min_lr if step >= total - 1 else half_cosine(base, min_lr, (step - warmup) / steps)


def cosine(step, base, T_max, eta_min=0.0):
    return half_cosine(base, eta_min, step / T_max)


def cycle(step, max_lr, total, pct_start=0.3, div=25.0, final_div=1e4):
    peak, last, low = pct_start * total - 1, total - 1, max_lr / div
    if step <= peak:
        return half_cosine(low, max_lr, step / peak)
    return half_cosine(max_lr, low / final_div, min(1.0, (step - peak) / (last - peak)))


def plateau(values, lr, factor=0.1, patience=10, min_lr=0.0, threshold=1e-4):
    best, bad, rates = math.inf, 0, []
    for value in values:
        better = value < best * (1 - threshold)
        best, bad = (value, 0) if better else (best, bad + 1)
        if bad > patience:
            lr, bad = max(lr * factor, min_lr), 0
        rates.append(lr)
    return rates


def rates(f, steps, *args):
    """What a schedule answers for these steps; every answer is a finite float."""
    answers = f.many([(step, *args) for step in steps])
    for step, got in zip(steps, answers, strict=True):
        if type(got) is not float or not math.isfinite(got):
            shown = got if isinstance(got, int | float) else type(got).__name__
            raise Mismatch(f"{called(f, step, args)}: returned {shown}, expected a float")
    return answers


def called(f, step, args):
    numbers = (each if isinstance(each, str) else f"{each:g}" for each in (step, *args))
    return f"{f.label}({', '.join(numbers)})"


def assert_schedule(f, truth, steps, *args):
    """Equal to the formula in each of these steps."""
    steps = list(steps)
    for step, got in zip(steps, rates(f, steps, *args), strict=True):
        want = truth(step, *args)
        if not near(got, want):
            f(step, *args)  # the verdict shows the last call: make it the one that is wrong
        assert_rate(got, want, called(f, step, args))


def near(got, want):
    return abs(got - want) <= ATOL + RTOL * abs(want)


def assert_rate(got, want, what):
    if not near(got, want):
        message = f"{what}: got {got:.6g}, expected {want:.6g}"
        raise Mismatch(message, error=abs(got - want), allowed=ATOL + RTOL * abs(want))


@settings(max_examples=15)
@example(base=0.3, total=1)
@example(base=0.3, total=7)
@given(base=RATES, total=TOTALS)
def check_constant_and_linear(submission, base, total):
    """constant stays; linear_decay goes straight from base to 0 at step total - 1, and stays."""
    assert_schedule(submission.constant, lambda step, base: base, (0, 1, total, 10 * total), base)
    assert_schedule(submission.linear_decay, linear, range(total + 5), base, total)


@weight(2)
@settings(max_examples=15)
@example(base=1.0, total=10, share=0.3, min_lr=0.0)
@example(base=1.0, total=10, share=0.0, min_lr=0.1)
@given(base=RATES, total=st.integers(3, 40), share=st.floats(0, 1), min_lr=st.just(1e-4))
def check_warmup(submission, base, total, share, min_lr):
    """Warm-up is a straight line: base / warmup at step 0, base at step warmup - 1."""
    warmup = min(total - 2, int(share * total))
    assert_schedule(
        submission.warmup_cosine, warm_cosine, range(warmup), base, warmup, total, min_lr
    )
    if warmup:
        first, last = rates(submission.warmup_cosine, [0, warmup - 1], base, warmup, total)
        assert_rate(first, base / warmup, "the rate of step 0")
        assert_rate(last, base, "the rate of step warmup - 1")


@weight(3)
@settings(max_examples=15)
@example(base=1.0, total=10, share=0.3, min_lr=0.1)
@example(base=1.0, total=10, share=0.0, min_lr=0.0)
@given(base=RATES, total=st.integers(3, 40), share=st.floats(0, 1), min_lr=st.just(1e-4))
def check_cosine_after_warmup(submission, base, total, share, min_lr):
    """After the warm-up: base at step warmup, half a cosine, and min_lr at step total - 1."""
    warmup = min(total - 2, int(share * total))
    args = base, warmup, total, min_lr
    assert_schedule(submission.warmup_cosine, warm_cosine, range(warmup, total), *args)
    every = rates(submission.warmup_cosine, list(range(total)), *args)
    for step in range(max(1, warmup), total):
        if every[step] > every[step - 1] + ATOL:
            rise = f"from {every[step - 1]:.6g} to {every[step]:.6g} at step {step}"
            where = called(submission.warmup_cosine, "step", args)
            raise Mismatch(f"{where}: rises {rise}, expected no rise after step {warmup - 1}")
    climb = base * (warmup + 1) / 2 if warmup else 0.0
    area = climb + (total - warmup) * (base + min_lr) / 2
    assert_rate(sum(every), area, "warmup_cosine: the sum over all steps")


@weight(2)
def check_short_runs(submission):
    """warmup = 0, warmup = total - 1 and total = 1 work, and end at min_lr."""
    for warmup, total in ((0, 1), (0, 2), (1, 2), (4, 5), (0, 5), (3, 5)):
        args = 2.0, warmup, total, 0.25
        assert_schedule(submission.warmup_cosine, warm_cosine, range(total + 2), *args)


def check_stays_at_the_end(submission):
    """After its last step, warmup_cosine stays at min_lr and one_cycle at its end."""
    for steps in (range(10, 14), (19, 20, 27, 100)):
        assert_schedule(submission.warmup_cosine, warm_cosine, steps, 1.0, 3, 10, 0.1)
        assert_schedule(submission.one_cycle, cycle, steps, 1.0, 10)


@weight(2)
@settings(max_examples=15)
@example(base=1.0, T_max=5, eta_min=0.1)
@example(base=1.0, T_max=1, eta_min=0.0)
@given(base=RATES, T_max=TOTALS, eta_min=st.sampled_from([0.0, 1e-4]))
def check_cosine_annealing(submission, base, T_max, eta_min):
    """cosine_annealing falls to eta_min at T_max and rises again, over three periods."""
    steps = range(6 * T_max + 1)
    assert_schedule(submission.cosine_annealing, cosine, steps, base, T_max, eta_min)


@weight(2)
@settings(max_examples=15)
@example(max_lr=1.0, total=20, pct_start=0.3, div=25.0, final_div=1e4)
@example(max_lr=1.0, total=15, pct_start=0.5, div=10.0, final_div=10.0)
@given(
    max_lr=RATES,
    total=st.integers(12, 40),
    pct_start=st.sampled_from([0.1, 0.25, 0.3, 0.5, 0.9]),
    div=st.sampled_from([4.0, 25.0]),
    final_div=st.sampled_from([10.0, 1e4]),
)
def check_one_cycle(submission, total, **cfg):
    """one_cycle climbs to max_lr and falls to max_lr / div / final_div, along half cosines."""
    args = cfg["max_lr"], total, cfg["pct_start"], cfg["div"], cfg["final_div"]
    assert_schedule(submission.one_cycle, cycle, range(total), *args)
    default = cfg["max_lr"], total
    assert_schedule(submission.one_cycle, cycle, range(total), *default)


def losses(seed, count=60):
    """A noisy fall to a floor, with values that repeat and with changes below the threshold."""
    falls = [2.0 / (1 + i // 4) for i in range(count)]
    noise = randn(count, seed=seed).tolist()
    repeats = [i for i in range(1, count) if noise[i] > 0.7]
    values = [fall * (1 + 0.1 * abs(n)) for fall, n in zip(falls, noise, strict=True)]
    for i in repeats:
        values[i] = values[i - 1] * (1.0 if i % 2 else 1 - 4e-5)
    return values


def assert_plateau(submission, values, **cfg):
    plan = submission.Plateau(**cfg)
    expected = plateau(values, **cfg)
    made = ", ".join(f"{name}={value:g}" for name, value in cfg.items())
    for i, (value, want) in enumerate(zip(values, expected, strict=True), 1):
        got = plan.step(value)
        if type(got) is not float:
            raise Mismatch(f"Plateau.step returned a {type(got).__name__}, expected a float")
        seen = ", ".join(["..."] * (i > 8) + [f"{each:g}" for each in values[max(0, i - 8) : i]])
        assert_rate(got, want, f"Plateau({made}) after the losses {seen}")


@weight(2)
@settings(max_examples=10)
@example(seed=0, factor=0.5, patience=2, min_lr=0.0, threshold=1e-4)
@given(
    seed=seeds(),
    factor=st.sampled_from([0.1, 0.5]),
    patience=st.integers(0, 4),
    min_lr=st.sampled_from([0.0, 0.06]),
    threshold=st.sampled_from([0.0, 1e-4, 0.05]),
)
def check_plateau(submission, seed, **cfg):
    """Plateau lowers the rate after more than `patience` values that were not better."""
    assert_plateau(submission, losses(seed, 30), lr=1.0, **cfg)


@weight(2)
def check_plateau_by_hand(submission):
    """To equal the best is not to be better, after a reduction the count is 0, min_lr holds."""
    for values, cfg in (
        ([3.0] * 12, {"patience": 2, "factor": 0.5}),
        ([3.0, 3.0, 2.0, 2.0, 2.0, 1.9999, 2.0, 1.0, 1.0], {"patience": 1, "factor": 0.5}),
        ([4.0, 5.0, 4.9, 4.8, 4.7, 4.6, 3.0, 3.5], {"patience": 1, "factor": 0.5}),
        ([1.0] * 10, {"patience": 0, "factor": 0.1, "min_lr": 0.003}),
        ([1.0, 0.99, 0.98, 0.97, 0.96, 0.95], {"patience": 1, "factor": 0.5, "threshold": 0.03}),
        ([0.03, 0.02, 0.015, 0.01, 0.009], {"patience": 1, "factor": 0.5, "threshold": 0.05}),
        ([2.0, math.nan, math.nan, 1.0, 1.5], {"patience": 1, "factor": 0.5}),
    ):
        assert_plateau(submission, values, lr=1.0, **cfg)
    assert_plateau(submission, [1.0] * 25, lr=0.3)


WRONG = [
    ("constant", (-1, 1.0), "step"),
    ("linear_decay", (-1, 1.0, 5), "step"),
    ("linear_decay", (0, 1.0, 0), "total"),
    ("warmup_cosine", (-1, 1.0, 2, 5), "step"),
    ("warmup_cosine", (0, 1.0, 0, 0), "total"),
    ("warmup_cosine", (0, 1.0, 5, 5), "warmup"),
    ("warmup_cosine", (0, 1.0, -1, 5), "warmup"),
    ("cosine_annealing", (-1, 1.0, 5), "step"),
    ("cosine_annealing", (0, 1.0, 0), "T_max"),
    ("one_cycle", (-1, 1.0, 20), "step"),
    ("one_cycle", (0, 1.0, 20, 0.0), "pct_start"),
    ("one_cycle", (0, 1.0, 20, 1.0), "pct_start"),
    ("Plateau", (1.0, 1.0), "factor"),
    ("Plateau", (1.0, 0.0), "factor"),
    ("Plateau", (1.0, 0.5, -1), "patience"),
]


def check_refuses_bad_arguments(submission):
    """Arguments out of range raise a ValueError that names them."""
    for name, args, naming in WRONG:
        what = f"{name}({', '.join(f'{each:g}' for each in args)})"
        with assert_raises(what, naming=naming):
            getattr(submission, name)(*args)
