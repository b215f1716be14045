"""LayerNorm and BatchNorm1d from scratch.

Conventions, for both:
    y = weight * (x - mean) / sqrt(var + eps) + bias         eps stands inside the root
    var      the biased variance of the numbers averaged over: it divides by n, not by n - 1
    dtype    parameters and floating buffers are made in float32; `.double()` turns all of them to
             float64, and then float64 in gives float64 out
    inputs   may be transposed views, and are never changed in place
    names    `weight` and `bias` are parameters, starting as ones and zeros. The checks load states
             of torch's own layers by name, and read them back.

Gradients flow through the mean and the variance that are computed from x. Buffers are updated
outside the graph.

Not available here: torch's own norms, since you build them.
"""

import torch
from torch import Tensor, nn


class MyLayerNorm(nn.Module):
    """Normalises each sample by itself, over its last axes; the same in training and evaluation.

    `weight` and `bias` have the shape `shape`: every normalised place has its own pair.
    """

    def __init__(self, shape: int | tuple[int, ...], eps: float = 1e-5) -> None:
        """Args: shape, the last axes of the input; 5 means (5,)."""
        raise NotImplementedError("MyLayerNorm: your code goes here")

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (*, *shape), with any number of leading axes; y like x."""
        raise NotImplementedError("MyLayerNorm.forward: your code goes here")


class MyBatchNorm1d(nn.Module):
    """Normalises each feature over the batch.

    `weight` and `bias` (num_features,) are parameters. Buffers, with these names:
        running_mean         (num_features,), starts as zeros
        running_var          (num_features,), starts as ones
        num_batches_tracked  (), int64, starts as 0

    In training, mean and biased variance are those of this batch, and then
        running_mean = (1 - momentum) * running_mean + momentum * mean
        running_var  = (1 - momentum) * running_var  + momentum * unbiased variance
    where the unbiased variance divides by n - 1; num_batches_tracked grows by 1.
    After `eval()`, the buffers are used in the place of mean and variance, and nothing is updated.
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        raise NotImplementedError("MyBatchNorm1d: your code goes here")

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, F), or (N, F, L) with statistics over N and L; y like x.

        Raises: ValueError naming `x` in training, if there is one number per feature only
        (N = 1, or N = L = 1): its variance says nothing. In evaluation that is legal.
        """
        raise NotImplementedError("MyBatchNorm1d.forward: your code goes here")
