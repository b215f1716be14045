import torch
from hypothesis import example, given
from hypothesis import strategies as st

from grader.oracle import (
    Mismatch,
    assert_close,
    assert_differences,
    assert_equal,
    assert_tensor,
    randn,
    seeds,
    sides,
    unpack,
    weight,
)

LAYERNORM_EPS = 1e-5


def layernorm(x, g, b, eps=LAYERNORM_EPS):
    return torch.nn.functional.layer_norm(x, g.shape, g, b, eps)


# What each layer computes, for torch autograd to differentiate, and the names of its gradients.
TRUE = {
    "linear": (torch.nn.functional.linear, ["dx", "dW", "db"]),
    "relu": (torch.relu, ["dx"]),
    "sigmoid": (torch.sigmoid, ["dx"]),
    "softmax_ce": (torch.nn.functional.cross_entropy, ["dlogits"]),
    "layernorm": (layernorm, ["dx", "dg", "db"]),
    "embedding": (torch.nn.functional.embedding, ["dW"]),
}


def inputs(layer, lead, seed, i=3, o=4):
    """Arguments of a layer: `lead` leading dimensions, i features in, o out (classes, rows)."""
    rows = torch.Generator().manual_seed(seed)
    x = randn(*lead, i, seed=seed)
    if layer == "linear":
        return x, randn(o, i, seed=seed + 1), randn(o, seed=seed + 2)
    if layer == "layernorm":
        return x, randn(i, seed=seed + 1), randn(i, seed=seed + 2)
    if layer == "softmax_ce":
        count = max(1, torch.Size(lead).numel())
        return randn(count, o, seed=seed) * 2, torch.randint(o, (count,), generator=rows)
    if layer == "embedding":
        return torch.randint(o, lead, generator=rows), randn(o, i, seed=seed + 1)
    # A derivative at the kink of relu has no finite difference, so stay away from 0.
    return (torch.where(x == 0, 0.5, x),)


def upstream(layer, args, seed):
    """A gradient of the layer's output, laid out in memory as a transpose where it has sides."""
    out = TRUE[layer][0](*swapped(layer, args))
    dy = randn(*out.shape, seed=seed + 3).to(out.dtype)
    return dy.mT.contiguous().mT if dy.ndim > 1 else dy


def swapped(layer, args):
    return args


def autograd(layer, args, dy):
    """The output and the gradients by every floating argument, from torch."""
    leaves = [a.clone().requires_grad_() if a.is_floating_point() else a for a in args]
    out = TRUE[layer][0](*leaves)
    return out.detach(), torch.autograd.grad(out, [a for a in leaves if a.requires_grad], dy)


def forward(submission, layer, *args):
    """Output and cache, the pair that `<layer>_fwd` must return."""
    name = f"{layer}_fwd"
    return unpack(getattr(submission, name)(*args), 2, name)


def backward(submission, layer, dy, cache):
    """The gradients as a list, whether the layer has one or three."""
    name, wanted = f"{layer}_bwd", TRUE[layer][1]
    got = getattr(submission, name)(dy, cache)
    return [got] if len(wanted) == 1 else list(unpack(got, len(wanted), name))
