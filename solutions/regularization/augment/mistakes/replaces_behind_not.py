"""You replace a word behind a negation: "not good" does not mean "not great".
caught by: check_synonym_replace
"""

import torch
from torch import Tensor


def random_crop(
    x: Tensor, size: tuple[int, int], pad: int, generator: torch.Generator | None = None
) -> Tensor:
    padded = torch.nn.functional.pad(x, (pad, pad, pad, pad))
    places = [have - want + 1 for have, want in zip(padded.shape[2:], size, strict=True)]
    if min(places) < 1:
        raise ValueError(f"size {tuple(size)} is larger than the padded image")
    rows, columns = (
        torch.randint(0, count, (len(x), 1), generator=generator) + torch.arange(want)
        for count, want in zip(places, size, strict=True)
    )
    sample = torch.arange(len(x))[:, None, None]
    return padded[sample, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def shift(x: Tensor, max_px: int, generator: torch.Generator | None = None) -> Tensor:
    return random_crop(x, (x.shape[2], x.shape[3]), max_px, generator)


def hflip(x: Tensor, p: float, generator: torch.Generator | None = None) -> Tensor:
    flipped = torch.rand(len(x), 1, 1, 1, generator=generator) < p
    return torch.where(flipped, x.flip(-1), x)


def rot90(x: Tensor, k: Tensor) -> Tensor:
    if x.shape[2] != x.shape[3]:
        raise ValueError(f"x must be square, not {x.shape[2]} x {x.shape[3]}")
    out = x.clone()
    for turns in (1, 2, 3):
        here = k % 4 == turns
        out[here] = torch.rot90(x[here], turns, (2, 3))
    return out


def color_jitter(
    x: Tensor, brightness: float, contrast: float, generator: torch.Generator | None = None
) -> Tensor:
    drawn = 2 * torch.rand(2, len(x), 1, 1, 1, generator=generator, dtype=x.dtype) - 1
    c, b = 1 + contrast * drawn[0], brightness * drawn[1]
    m = x.mean((1, 2, 3), keepdim=True)
    return ((x - m) * c + m + b).clamp(0, 1)


def add_noise(x: Tensor, std: float, generator: torch.Generator | None = None) -> Tensor:
    return x + std * torch.randn(x.shape, generator=generator, dtype=x.dtype)


def time_warp(x: Tensor, power: Tensor) -> Tensor:
    last = x.shape[1] - 1
    place = last * torch.linspace(0, 1, last + 1, dtype=x.dtype) ** power[:, None]
    left = place.long().clamp(0, last - 1)
    return torch.lerp(x.gather(1, left), x.gather(1, left + 1), place - left)


def synonym_replace(
    tokens: list[str],
    table: dict[str, list[str]],
    p: float,
    generator: torch.Generator | None = None,
) -> list[str]:
    out = []
    for before, token in zip(["", *tokens], tokens, strict=False):
        replaced = torch.rand((), generator=generator) < p
        if replaced and token in table and token not in ("not", "no", "never"):
            token = table[token][torch.randint(len(table[token]), (), generator=generator)]
        out.append(token)
    return out


def augment(
    x: Tensor, y: Tensor, max_px: int, training: bool, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    return (shift(x, max_px, generator) if training else x), y


def safe_for(dataset: str) -> list[str]:
    safe = {
        "digits": ["shift", "color_jitter"],
        "satellite": ["shift", "hflip", "rot90", "color_jitter"],
        "arrows": ["shift", "color_jitter"],
        "tomatoes": ["shift", "hflip", "rot90"],
    }
    if dataset not in safe:
        raise ValueError(f"dataset must be one of {', '.join(safe)}, not {dataset!r}")
    return safe[dataset]
