"""Forward and backward of the usual layers. Edit this file, then run `grade layer_backward`.

Every layer is a pair of functions:

    y, cache = layer_fwd(...)       the output, and what the backward pass will need
    gradients = layer_bwd(dy, cache)

dy is the gradient of the final loss by y, and has y's shape. layer_bwd returns the gradient of the
same loss by each floating argument of layer_fwd, in their order. A gradient has the shape and the
dtype of what it belongs to.

Conventions, for all layers:
    dtype     float32 stays float32, and float64 stays float64
    (*, I)    zero or more leading dimensions: (I,), (N, I) and (N, T, I) are all legal
    memory    arguments may be transposed views: use `reshape`, since `view` can refuse them
    purity    no function changes its arguments or the cache; calling layer_bwd twice with the same
              cache gives the same gradients
    cache     yours to design: a plain tuple or dict of whatever you like (a NamedTuple arrives as
              a plain tuple)

Not available here: autograd in any form (`backward`, `grad`, `requires_grad`, `vjp`, `jvp`, ...),
since this exercise is what it does; and the ready-made forward passes `linear`, `layer_norm`,
`cross_entropy`, `nll_loss` and `embedding`, since you need their inner values.
Available: all other tensor operations, `torch.sigmoid`, `softmax` and `logsumexp` included.
"""

import torch
from torch import Tensor


def linear_fwd(x: Tensor, W: Tensor, b: Tensor) -> tuple[Tensor, tuple]:
    """y = x W^T + b.

    Shapes: x (*, I), W (O, I), b (O,); y (*, O). Suggested cache: (x, W).
    """
    raise NotImplementedError("linear_fwd: your code goes here")


def linear_bwd(dy: Tensor, cache: tuple) -> tuple[Tensor, Tensor, Tensor]:
    """Shapes: dy (*, O); returns the tuple dx (*, I), dW (O, I), db (O,)."""
    raise NotImplementedError("linear_bwd: your code goes here")


def relu_fwd(x: Tensor) -> tuple[Tensor, tuple]:
    """y = max(x, 0). Shapes: any; y like x. Suggested cache: (x,)."""
    raise NotImplementedError("relu_fwd: your code goes here")


def relu_bwd(dy: Tensor, cache: tuple) -> Tensor:
    """Return dx, like x. The derivative at x = 0 is 0, as in torch."""
    raise NotImplementedError("relu_bwd: your code goes here")


def sigmoid_fwd(x: Tensor) -> tuple[Tensor, tuple]:
    """y = 1 / (1 + exp(-x)). Shapes: any; y like x. Suggested cache: (y,).

    x = -1000 and x = 1000 are legal: y and dx stay finite.
    """
    raise NotImplementedError("sigmoid_fwd: your code goes here")


def sigmoid_bwd(dy: Tensor, cache: tuple) -> Tensor:
    """Return dx, like x."""
    raise NotImplementedError("sigmoid_bwd: your code goes here")


def softmax_ce_fwd(logits: Tensor, target: Tensor) -> tuple[Tensor, tuple]:
    """The mean over the rows n of -log softmax(logits[n])[target[n]].

    Shapes: logits (N, C) with N >= 1, target (N,) int64 in 0..C-1; loss (), a tensor.
    Suggested cache: (p, target), where p (N, C) is the softmax of the logits.
    Logits of 1000 are legal: nothing may overflow to inf or nan.
    """
    raise NotImplementedError("softmax_ce_fwd: your code goes here")


def softmax_ce_bwd(dloss: Tensor, cache: tuple) -> Tensor:
    """Return dlogits (N, C). dloss () is the upstream gradient; it need not be 1."""
    raise NotImplementedError("softmax_ce_bwd: your code goes here")


def layernorm_fwd(x: Tensor, g: Tensor, b: Tensor, eps: float = 1e-5) -> tuple[Tensor, tuple]:
    """y = g * xhat + b, with xhat = (x - mean) / sqrt(var + eps) along the last axis.

    var is the biased variance: it divides by D, not by D - 1. eps stands inside the root.
    Shapes: x (*, D) with D >= 1, g (D,), b (D,); y (*, D).
    Suggested cache: (xhat, std, g) with std = sqrt(var + eps) of shape (*, 1).
    """
    raise NotImplementedError("layernorm_fwd: your code goes here")


def layernorm_bwd(dy: Tensor, cache: tuple) -> tuple[Tensor, Tensor, Tensor]:
    """Shapes: dy (*, D); returns the tuple dx (*, D), dg (D,), db (D,)."""
    raise NotImplementedError("layernorm_bwd: your code goes here")


def embedding_fwd(idx: Tensor, W: Tensor) -> tuple[Tensor, tuple]:
    """y[...] = W[idx[...]].

    Shapes: idx (*) int64 in 0..V-1, W (V, D); y (*, D). Suggested cache: (idx, W.shape).
    """
    raise NotImplementedError("embedding_fwd: your code goes here")


def embedding_bwd(dy: Tensor, cache: tuple) -> Tensor:
    """Return dW (V, D), 0 in the rows that were not read; idx has no gradient."""
    raise NotImplementedError("embedding_bwd: your code goes here")
