"""Tables: a network beside its baselines. Edit this file, then run `grade tabular`.

A table is X (N, D) float32, a row for each case, with an answer y (N,) for each row:

    y of int64      classes 0..K-1, each of them there; answers are classes, int64
    y of float32    numbers; answers are numbers, float32

X_new (M, D), M >= 1, are rows without answers. No function changes its arguments. No two columns
say the same, but a column may be constant where this is said.
"""

import torch
from torch import Tensor

# For each table "linear", "boosting" or "network": the simplest of them (in this order) that is
# nearly as good as the best. See the README.
CHOICES = {"cancer": "", "diabetes": "", "rules": "", "smooth": ""}


def guess(y: Tensor, count: int) -> Tensor:
    """The best answer (count,) that knows nothing of X, `count` times over, of y's dtype.

    Classes: the most frequent one, the smallest if several are. Numbers: the mean.
    """
    raise NotImplementedError("guess: your code goes here")


def scale(X: Tensor, X_new: Tensor) -> tuple[Tensor, Tensor]:
    """Both tables, each column minus its mean and divided by its standard deviation, float32.

    Mean and standard deviation are those of X alone, the latter the root of the mean squared
    deviation (divided by N). A column that is constant in X is only moved, not divided.
    """
    raise NotImplementedError("scale: your code goes here")


def linear(X: Tensor, y: Tensor, X_new: Tensor) -> Tensor:
    """Answers (M,) of the linear model with intercept that has the least squared error on X, y.

    Numbers: X_new w + b, where w and b minimise the sum of (X w + b - y)^2.
    Classes: the same for the K columns of 0 and 1 that say "is class k"; the answer is the k whose
    column is largest. Solve in float64.
    """
    raise NotImplementedError("linear: your code goes here")


def mlp(X: Tensor, y: Tensor, X_new: Tensor, seed: int) -> Tensor:
    """Answers (M,) of a network of your own, which is trained here on X, y.

    Call torch.manual_seed(seed) first: the same arguments give the same answers. The answer to a
    row does not depend on the other rows of X_new, nor on the units: multiply a column of X and
    X_new by 1000 and nothing changes; multiply a numeric y and the answers are multiplied as well.
    Columns may be constant, and N may be any number from 20 on: 33, 65, 129 too.
    """
    raise NotImplementedError("mlp: your code goes here")
