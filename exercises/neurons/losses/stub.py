"""Losses from raw outputs. Edit this file, then run `grade losses`.

Conventions, for the whole file:
- z and logits are raw outputs ("logits"): no sigmoid and no softmax has been applied.
- float32 stays float32, and float64 stays float64. N is at least 1. No argument is changed.
- Values from -1000 to 1000 are legal: nothing may become inf or nan on the way.
- reduction: "none" gives the loss of each row, (N,); "sum" their sum and "mean" their mean, both
  of shape (), a tensor.
- Every *_grad is the derivative of the **mean** loss by the first argument, of its shape.
- Raises, in losses and gradients alike: ValueError naming `y` (or `target`) if its shape does not
  fit, since (N, 1) against (N,) would silently broadcast to (N, N); ValueError naming `reduction`
  if that is none of the three.

Not available here: torch's own losses, `log_softmax`, `logsigmoid`, `softplus`, and autograd, since
this exercise is what they do. `sigmoid`, `softmax`, `logsumexp` and `log1p` are available.
"""

from torch import Tensor


def bce_with_logits(z: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """Binary cross-entropy: -log p where y = 1, -log(1 - p) where y = 0, with p = sigmoid(z).

    Shapes: z (N,), y (N,) of z's dtype, values 0 and 1.
    """
    raise NotImplementedError("bce_with_logits: your code goes here")


def bce_with_logits_grad(z: Tensor, y: Tensor) -> Tensor:
    """d mean / d z. Shapes: z (N,), y (N,); returns (N,)."""
    raise NotImplementedError("bce_with_logits_grad: your code goes here")


def cross_entropy(
    logits: Tensor, target: Tensor, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """Cross-entropy: -log p[n, target[n]] for each row n, with p = softmax(logits) along axis 1.

    Rows whose target is `ignore_index` cost 0, and "mean" divides by the number of other rows.
    Where there are no others, the mean is 0. (torch gives nan there.)
    Shapes: logits (N, K), target (N,) int64, the number of the right class and no one-hot row.
    Raises: ValueError naming `target`, if a target is neither in 0..K-1 nor ignore_index.
    """
    raise NotImplementedError("cross_entropy: your code goes here")


def cross_entropy_grad(logits: Tensor, target: Tensor, ignore_index: int = -100) -> Tensor:
    """d mean / d logits; 0 in ignored rows, also where all are. Shapes as above; returns (N, K)."""
    raise NotImplementedError("cross_entropy_grad: your code goes here")


def mse(p: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """Squared error (p - y)^2. Shapes: p (N,), y (N,)."""
    raise NotImplementedError("mse: your code goes here")


def mse_grad(p: Tensor, y: Tensor) -> Tensor:
    """d mean / d p. Shapes: p (N,), y (N,); returns (N,)."""
    raise NotImplementedError("mse_grad: your code goes here")


def mae(p: Tensor, y: Tensor, reduction: str = "mean") -> Tensor:
    """Absolute error |p - y|. Shapes: p (N,), y (N,)."""
    raise NotImplementedError("mae: your code goes here")


def mae_grad(p: Tensor, y: Tensor) -> Tensor:
    """d mean / d p; at the kink p = y it is 0. Shapes: p (N,), y (N,); returns (N,)."""
    raise NotImplementedError("mae_grad: your code goes here")


def best_constant(y: Tensor, loss: str) -> float:
    """The number c for which the mean loss of always saying c is least. Any one, if several are.

    Shapes: y (N,). loss: "mse" or "mae"; anything else raises a ValueError naming `loss`.
    """
    raise NotImplementedError("best_constant: your code goes here")
