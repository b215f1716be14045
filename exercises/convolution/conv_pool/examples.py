import torch

from grader.oracle import assert_close, assert_raises

X = torch.tensor([[1.0, 2, 0, 1], [0, 3, 1, 2], [2, 1, 4, 0]])[None, None]
W, B = torch.tensor([[1.0, -1], [2, 0]])[None, None], torch.tensor([1.0])


def shown(got, rows, what):
    assert_close(got, torch.tensor(rows)[None, None], what)


def check_conv2d_by_hand(submission):
    """The convolution of the task, plain, and with stride 2 and padding 1."""
    shown(submission.conv2d(X, W, B), [[0.0, 9, 2], [2, 5, 8]], "conv2d(x, w, b)")
    got = submission.conv2d(X, W, B, stride=2, padding=1)
    shown(got, [[1.0, 5, 3], [1, 5, 3]], "conv2d(x, w, b, stride=2, padding=1)")


def check_edge_kernel(submission):
    """A 3x3 edge kernel on a 5x5 image: it answers where bright meets dark, and nowhere else."""
    image = torch.zeros(1, 1, 5, 5)
    image[..., 2:] = 1
    kernel = torch.tensor([[-1.0, 0, 1]] * 3)[None, None]
    shown(submission.conv2d(image, kernel), [[3.0, 3, 0]] * 3, "conv2d(image, kernel)")


def check_pools_by_hand(submission):
    """The three poolings of the task."""
    shown(submission.max_pool2d(X, 2), [[3.0, 2]], "max_pool2d(x, 2)")
    means = [[1.5, 1.5, 1], [1.5, 2.25, 1.75]]
    shown(submission.avg_pool2d(X, 2, stride=1), means, "avg_pool2d(x, 2, stride=1)")
    shown(submission.adaptive_avg_pool2d(X, (2, 3)), means, "adaptive_avg_pool2d(x, (2, 3))")


def check_kernel_that_does_not_fit(submission):
    """A kernel of 4 rows does not fit an image of 3: ValueError, naming `w`."""
    with assert_raises("conv2d, 4x4 kernel, 3x4 pixels", naming="w"):
        submission.conv2d(X, torch.ones(1, 1, 4, 4))
