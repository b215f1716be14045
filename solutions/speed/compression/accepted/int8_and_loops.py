"""Loops and masks; the packed network has 4 bits for each weight, two of them in a byte."""

import torch


def smallest_to_zero(w, sparsity):
    if sparsity < 0 or sparsity > 1:
        raise ValueError("sparsity must lie in [0, 1]")
    k = int(sparsity * w.numel())
    mask = torch.ones(w.numel(), dtype=torch.bool)
    mask[torch.topk(w.abs().flatten(), k, largest=False).indices] = False
    return torch.where(mask.view(w.shape), w, torch.zeros_like(w))


def prune_globally(state, sparsity):
    values = torch.cat([v.abs().flatten() for v in state.values() if v.dim() == 2])
    k = int(sparsity * len(values))
    gone = set(values.argsort()[:k].tolist())
    out, start = {}, 0
    for name, v in state.items():
        out[name] = v.clone()
        if v.dim() == 2:
            keep = [start + j not in gone for j in range(v.numel())]
            out[name] *= torch.tensor(keep).view(v.shape)
            start += v.numel()
    return out


def quantise(w):
    rows, scales = [], []
    for row in w:
        top = row.abs().max()
        scale = top / 127 if top > 0 else torch.tensor(1.0)
        rows.append(torch.round(row / scale).to(torch.int8))
        scales.append(scale)
    return torch.stack(rows), torch.stack(scales)


def dequantise(q, scale):
    return q.float() * scale.unsqueeze(1)


def int8_linear(x, q, scale, b):
    qx, sx = quantise(x)
    return (qx.double() @ q.double().t() * torch.outer(sx, scale).double() + b).float()


def compress(state):
    packed = {}
    for name, v in state.items():
        if v.dim() == 2:
            scale = v.abs().amax(1) / 7
            steps = (v / scale[:, None]).round().add(8).to(torch.uint8)
            packed[name + "/q"] = steps[:, ::2] * 16 + steps[:, 1::2]
            packed[name + "/s"] = scale
        else:
            packed[name] = v
    return packed


def logits(packed, x):
    for k in ("0", "2", "4"):
        pairs = packed[k + ".weight/q"]
        steps = torch.stack([pairs // 16, pairs % 16], dim=2).flatten(1).float() - 8
        x = x @ (steps * packed[k + ".weight/s"][:, None]).T + packed[k + ".bias"]
        if k != "4":
            x = torch.relu(x)
    return x
