"""einsum and one-hot products, caches that are dicts and objects, layernorm path by path."""

import torch
from torch import Tensor


class Kept:
    """What a layer needs on the way back."""

    def __init__(self, **values) -> None:
        self.values = values


def one_hot(idx: Tensor, size: int, like: Tensor) -> Tensor:
    return (idx[..., None] == torch.arange(size)).to(like.dtype)


def linear_fwd(x, W, b):
    return torch.einsum("...i,oi->...o", x, W) + b, {"x": x, "W": W}


def linear_bwd(dy, cache):
    dx = torch.einsum("...o,oi->...i", dy, cache["W"])
    dW = torch.einsum("...o,...i->oi", dy, cache["x"])
    return dx, dW, torch.einsum("...o->o", dy)


def relu_fwd(x):
    return torch.relu(x), Kept(alive=x > 0)


def relu_bwd(dy, cache):
    return torch.where(cache.values["alive"], dy, 0.0)


def sigmoid_fwd(x):
    y = 1 / (1 + torch.exp(-x))
    return y, Kept(slope=y - y**2)


def sigmoid_bwd(dy, cache):
    return dy * cache.values["slope"]


def softmax_ce_fwd(logits, target):
    shifted = logits - logits.amax(-1, keepdim=True)
    log_p = shifted - shifted.exp().sum(-1, keepdim=True).log()
    loss = -log_p.gather(-1, target[:, None]).mean()
    error = log_p.exp() - one_hot(target, logits.shape[-1], logits)
    return loss, [error / logits.shape[0]]


def softmax_ce_bwd(dloss, cache):
    return cache[0] * dloss


def layernorm_fwd(x, g, b, eps=1e-5):
    centred = x - x.mean(-1, keepdim=True)
    var = (centred**2).mean(-1, keepdim=True)
    r = (var + eps) ** -0.5
    return centred * r * g + b, (centred, r, g)


def layernorm_bwd(dy, cache):
    """Back through y, xhat, the variance and the mean, one line each."""
    centred, r, g = cache
    dxhat = dy * g
    dvar = (dxhat * centred).sum(-1, keepdim=True) * -0.5 * r**3
    dcentred = dxhat * r + dvar * 2 * centred / g.shape[0]
    dx = dcentred - dcentred.mean(-1, keepdim=True)
    leading = dy.ndim - 1
    both = torch.stack([dy * centred * r, dy])
    dg, db = both.flatten(1, leading).sum(1) if leading else both
    return dx, dg, db


def embedding_fwd(idx, W):
    return W[idx], Kept(idx=idx, rows=W.shape[0])


def embedding_bwd(dy, cache):
    idx, rows = cache.values["idx"], cache.values["rows"]
    return torch.einsum("...v,...d->vd", one_hot(idx, rows, dy), dy)
