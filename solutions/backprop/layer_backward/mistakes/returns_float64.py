"""Your layernorm computes in float64 and stays there. Convert back, or leave the dtype alone:
float32 in, float32 out.
caught by: check_float32
"""

import torch
from torch import Tensor


def linear_fwd(x: Tensor, W: Tensor, b: Tensor) -> tuple[Tensor, tuple]:
    return x @ W.T + b, (x, W)


def linear_bwd(dy: Tensor, cache: tuple) -> tuple[Tensor, Tensor, Tensor]:
    x, W = cache
    rows, dy_rows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
    return dy @ W, dy_rows.T @ rows, dy_rows.sum(0)


def relu_fwd(x: Tensor) -> tuple[Tensor, tuple]:
    return x.clamp(min=0), (x,)


def relu_bwd(dy: Tensor, cache: tuple) -> Tensor:
    (x,) = cache
    return dy * (x > 0)


def sigmoid_fwd(x: Tensor) -> tuple[Tensor, tuple]:
    y = torch.sigmoid(x)
    return y, (y,)


def sigmoid_bwd(dy: Tensor, cache: tuple) -> Tensor:
    (y,) = cache
    return dy * y * (1 - y)


def softmax_ce_fwd(logits: Tensor, target: Tensor) -> tuple[Tensor, tuple]:
    log_p = logits - logits.logsumexp(-1, keepdim=True)
    rows = torch.arange(len(target))
    return -log_p[rows, target].mean(), (log_p.exp(), target)


def softmax_ce_bwd(dloss: Tensor, cache: tuple) -> Tensor:
    p, target = cache
    rows = torch.arange(len(target))
    dlogits = p.clone()
    dlogits[rows, target] -= 1
    return dloss * dlogits / len(target)


def layernorm_fwd(x: Tensor, g: Tensor, b: Tensor, eps: float = 1e-5) -> tuple[Tensor, tuple]:
    x, g, b = x.double(), g.double(), b.double()
    std = (x.var(-1, correction=0, keepdim=True) + eps).sqrt()
    xhat = (x - x.mean(-1, keepdim=True)) / std
    return g * xhat + b, (xhat, std, g)


def layernorm_bwd(dy: Tensor, cache: tuple) -> tuple[Tensor, Tensor, Tensor]:
    xhat, std, g = cache
    d = dy * g
    dx = (d - d.mean(-1, keepdim=True) - xhat * (d * xhat).mean(-1, keepdim=True)) / std
    features = g.shape[0]
    dg = (dy * xhat).reshape(-1, features).sum(0)
    db = dy.reshape(-1, features).sum(0)
    return dx, dg, db


def embedding_fwd(idx: Tensor, W: Tensor) -> tuple[Tensor, tuple]:
    return W[idx], (idx, W.shape)


def embedding_bwd(dy: Tensor, cache: tuple) -> Tensor:
    idx, shape = cache
    dW = dy.new_zeros(shape)
    return dW.index_add_(0, idx.reshape(-1), dy.reshape(-1, shape[-1]))
