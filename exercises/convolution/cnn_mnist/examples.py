import torch

from grader import data
from grader.oracle import accuracy, assert_equal, assert_tensor

IMAGES = data.mnist()
SIDE = IMAGES.train_x.shape[-1]
SEEN = min(2000, len(IMAGES.train_x) // 2)
BATCHES = list(zip(IMAGES.train_x[:SEEN].split(64), IMAGES.train_y[:SEEN].split(64), strict=True))
STEPS = 100


def check_answers_for_both_sizes(submission):
    """Five images of 28x28 or of 8x8 pixels give five digits."""
    for side in (28, 8):
        images = torch.zeros(5, 1, side, side, dtype=torch.uint8)
        digits = submission.predict(submission.make_model(side), images)
        what = f"predict of five {side}x{side} images"
        assert_tensor(digits, what, shape=(5,), dtype=torch.int64)
        assert_equal(digits, digits.clamp(0, 9), what)


def check_a_short_training(submission, record):
    """A training of 100 steps runs; its accuracy on 500 other training images is shown."""
    whole = BATCHES[:-1]  # the last one is smaller
    stream, model = iter(whole * (STEPS // len(whole) + 1)), submission.make_model(SIDE)
    for _ in submission.train(model, lambda: next(stream), STEPS):
        pass
    digits = submission.predict(model, IMAGES.train_x[SEEN : SEEN + 500])
    value = accuracy(digits, IMAGES.train_y[SEEN : SEEN + 500])
    record.measure(f"accuracy after {STEPS} steps on {SEEN:,} images", value)
