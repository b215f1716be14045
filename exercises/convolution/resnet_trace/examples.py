import torch

from grader.oracle import Mismatch, assert_tensor

ROWS = [
    ("act", "ReLU", (6, 5), (6, 5), 0),
    ("body.0", "Linear", (6, 5), (6, 4), 24),
    ("body.1", "BatchNorm1d", (6, 4), (6, 4), 8),
    ("body.2.0", "Linear", (6, 4), (6, 3), 15),
    ("act", "ReLU", (6, 3), (6, 3), 0),
    ("drop", "Dropout", (6, 3), (6, 3), 0),
]


def check_shapes_of_blocks(submission):
    """A block keeps the shape with stride 1, and halves 7 x 6 to 4 x 3 with stride 2."""
    x = torch.ones(2, 3, 7, 6)
    for made, shape in (((3, 3), (2, 3, 7, 6)), ((3, 5, 2), (2, 5, 4, 3))):
        assert_tensor(submission.ResBlock(*made)(x), f"ResBlock{made}(x)", shape=shape)


def check_cnn_takes_two_sizes(submission):
    """The same network reads 32 x 32 and 9 x 14 pixels."""
    model = submission.BlockCNN()
    for sides in ((32, 32), (9, 14)):
        assert_tensor(model(torch.ones(2, 3, *sides)), f"BlockCNN of {sides}", shape=(2, 10))


def check_trace_of_sample(submission):
    """The trace of Sample has the six rows of the task."""
    rows = plain(submission.shape_trace(submission.Sample(), torch.ones(6, 5)))
    if not isinstance(rows, tuple):
        raise Mismatch(f"shape_trace of Sample: returned {rows}, expected a list of rows")
    if len(rows) != len(ROWS):
        raise Mismatch(f"shape_trace of Sample: {len(rows)} rows, expected {len(ROWS)}")
    for mine, right in zip(rows, ROWS, strict=True):
        if mine != right:
            raise Mismatch(f"shape_trace of Sample: got the row {mine}, expected {right}")


def plain(value):
    """Lists as tuples, all the way down."""
    return tuple(map(plain, value)) if isinstance(value, list | tuple) else value
