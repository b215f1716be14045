"""The same with backward and .grad, torch's own functions, and uniform weights."""

import torch
import torch.nn.functional as F

CONCLUSIONS = dict.fromkeys(("relu he", "tanh xavier"), "steady")
CONCLUSIONS |= dict.fromkeys(("sigmoid xavier norm", "sigmoid xavier residual"), "steady")
CONCLUSIONS |= dict.fromkeys(("sigmoid xavier", "relu default", "relu tiny"), "vanishes")
CONCLUSIONS["relu unit"] = "explodes"


def make_weights(depth, width, init, seed):
    torch.manual_seed(seed)
    variance = {
        "xavier": 1 / width,
        "he": 2 / width,
        "default": 1 / (3 * width),
        "unit": 1,
        "tiny": 1e-4,
    }
    if init not in variance:
        raise ValueError("unknown init")
    bound = (3 * variance[init]) ** 0.5
    return [torch.empty(width, width).uniform_(-bound, bound) for _ in range(depth)]


def grad_profile(weights, x, target, act, norm=False, residual=False):
    copies = [torch.nn.Parameter(each.clone()) for each in weights]
    a = x
    for each in copies:
        z = F.linear(a, each)
        z = F.batch_norm(z, None, None, training=True) if norm else z
        z = {"relu": F.relu, "sigmoid": F.sigmoid, "tanh": F.tanh}[act](z)
        a = z + a if residual else z
    F.mse_loss(a, target).backward()
    return torch.tensor([each.grad.norm().item() for each in copies], dtype=x.dtype)


def fate(profile):
    first = float(profile[0])
    if bool((profile.isnan() | profile.isinf()).any()) or first > 100:
        return "explodes"
    return "steady" if first >= 1e-6 else "vanishes"
