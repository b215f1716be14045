"""One sample after the other, with plain Python."""

import math

import torch

NEGATIONS = ("not", "no", "never")


def number(high, generator):
    return int(torch.randint(high, (1,), generator=generator))


def uniform(low, high, generator):
    return low + (high - low) * float(torch.rand(1, generator=generator, dtype=torch.float64))


def random_crop(x, size, pad, generator=None):
    n, channels, height, width = x.shape
    h, w = size
    if h > height + 2 * pad or w > width + 2 * pad:
        raise ValueError("size does not fit")
    padded = x.new_zeros(n, channels, height + 2 * pad, width + 2 * pad)
    padded[:, :, pad : pad + height, pad : pad + width] = x
    out = x.new_zeros(n, channels, h, w)
    for i in range(n):
        top = number(height + 2 * pad - h + 1, generator)
        left = number(width + 2 * pad - w + 1, generator)
        out[i] = padded[i, :, top : top + h, left : left + w]
    return out


def shift(x, max_px, generator=None):
    return random_crop(x, tuple(x.shape[-2:]), max_px, generator)


def hflip(x, p, generator=None):
    images = [each.flip(2) if uniform(0, 1, generator) < p else each for each in x]
    return torch.stack(images)


def rot90(x, k):
    if x.shape[-1] != x.shape[-2]:
        raise ValueError("x is not square")
    return torch.stack([each.rot90(int(turns), (1, 2)) for each, turns in zip(x, k, strict=True)])


def color_jitter(x, brightness, contrast, generator=None):
    out = []
    for image in x:
        c = uniform(1 - contrast, 1 + contrast, generator)
        b = uniform(-brightness, brightness, generator)
        out.append(torch.clip(image * c + image.mean() * (1 - c) + b, 0, 1))
    return torch.stack(out)


def add_noise(x, std, generator=None):
    return x + torch.empty_like(x).normal_(0, std, generator=generator) if std else x.clone()


def time_warp(x, power):
    out, last = x.clone(), x.shape[1] - 1
    for i, exponent in enumerate(power.tolist()):
        for t in range(1, last):
            place = last * (t / last) ** exponent
            left = min(math.floor(place), last - 1)
            share = place - left
            out[i, t] = x[i, left] * (1 - share) + x[i, left + 1] * share
    return out


def synonym_replace(tokens, table, p, generator=None):
    out = list(tokens)
    for i, token in enumerate(tokens):
        negated = token in NEGATIONS or (i > 0 and tokens[i - 1] in NEGATIONS)
        if token in table and not negated and uniform(0, 1, generator) < p:
            out[i] = table[token][number(len(table[token]), generator)]
    return out


def augment(x, y, max_px, training, generator=None):
    if not training:
        return x, y
    return shift(x, max_px, generator), y


def safe_for(dataset):
    names = ["shift", "hflip", "rot90", "color_jitter"]
    unsafe = {
        "digits": {"hflip", "rot90"},
        "satellite": set(),
        "arrows": {"hflip", "rot90"},
        "tomatoes": {"color_jitter"},
    }
    if dataset not in unsafe:
        raise ValueError(f"unknown dataset {dataset}")
    return [name for name in names if name not in unsafe[dataset]]
