"""Linear regression by gradient descent. Edit this file, then run `grade lr_and_batch`.

    loss(w) = mean over the rows of (X w - y)^2 / 2        gradient = X^T (X w - y) / number of rows

Shapes: X (N, D), y (N,), w (D,), float64. No function changes its arguments. Nothing has a bias.
"""

from collections.abc import Callable

import torch
from torch import Tensor


def batch_grads(w: Tensor, X: Tensor, y: Tensor, batch: int, seed: int) -> Tensor:
    """The gradients at this w of all batches of one epoch; w does not move.

    The rows are shuffled by a generator of your own with this seed, and cut into N / batch batches,
    so each row is in one batch. Which permutation you draw is up to you.
    Returns: (N / batch, D), each row the mean gradient of one batch.
    Raises: ValueError, naming batch, unless batch >= 1 divides N.
    """
    raise NotImplementedError("batch_grads: your code goes here")


def lr_sweep(X: Tensor, y: Tensor, lrs: list[float], steps: int) -> list[float]:
    """For each learning rate: the loss over all rows after `steps` steps of full gradient descent.

    Each run begins at w = 0. A run that diverges gives a large number, or inf or nan.
    """
    raise NotImplementedError("lr_sweep: your code goes here")


def largest_lr(X: Tensor) -> float:
    """The learning rate below which full gradient descent converges from any start: 2 / lambda_max.

    lambda_max is the largest eigenvalue of the matrix of second derivatives of the loss, X^T X / N.
    """
    raise NotImplementedError("largest_lr: your code goes here")


def run(
    X: Tensor, y: Tensor, rows: Tensor, schedule: Callable[[int], float]
) -> dict[str, list[float]]:
    """Mini-batch descent from w = 0, with a log.

    rows (steps, batch) int64: step s uses the examples X[rows[s]], y[rows[s]], and moves w by the
    learning rate schedule(s). Call schedule once in each step.
    Returns: {"lr": [...], "loss": [...]}, one float for each step: the rate that this step used,
    and the loss of its batch at the w before this step.
    """
    raise NotImplementedError("run: your code goes here")
