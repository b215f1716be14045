from grader.oracle import Mismatch


def check_warmup_cosine_of_the_readme(submission):
    """warmup_cosine(step, 1.0, 3, 8): up to 1 at step 2, a half at step 5 and 0 at step 7."""
    assert_rate(submission.warmup_cosine(0, 1.0, 3, 8), 1 / 3, "step 0")
    for step, rate in ((2, 1.0), (3, 1.0), (5, 0.5), (7, 0.0), (9, 0.0)):
        assert_rate(submission.warmup_cosine(step, 1.0, 3, 8), rate, f"step {step}")


def check_linear_decay_ends_at_zero(submission):
    """linear_decay(step, 0.3, 4): 0.3, 0.2, 0.1, 0."""
    for step, rate in enumerate((0.3, 0.2, 0.1, 0.0)):
        assert_rate(submission.linear_decay(step, 0.3, 4), rate, f"step {step}")


def check_plateau_of_the_readme(submission):
    """Plateau(1.0, factor=0.5, patience=1) halves after the second value that is no better."""
    plateau = submission.Plateau(1.0, factor=0.5, patience=1)
    for val, rate in ((5.0, 1.0), (4.0, 1.0), (4.0, 1.0), (4.5, 0.5), (3.0, 0.5)):
        assert_rate(plateau.step(val), rate, f"the rate after {val}")


def assert_rate(got, expected, what):
    if not isinstance(got, float) or not abs(got - expected) <= 1e-9:
        raise Mismatch(f"{what}: got {got}, expected {expected:.6g}")
