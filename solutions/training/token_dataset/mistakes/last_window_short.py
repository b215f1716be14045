"""You count a window whose last target lies past the end. A window takes block + 1 ids, not block.
caught by: check_windows
"""

from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset


def build_vocab(text: str) -> tuple[dict[str, int], list[str]]:
    itos = sorted(set(text))
    return {character: k for k, character in enumerate(itos)}, itos


def encode(text: str, stoi: dict[str, int]) -> Tensor:
    for character in text:
        if character not in stoi:
            raise ValueError(f"{character!r} ({character}) is not in the vocabulary")
    return torch.tensor([stoi[character] for character in text], dtype=torch.int64)


def decode(ids: Tensor, itos: list[str]) -> str:
    return "".join(itos[k] for k in ids.tolist())


class TokenDataset(Dataset):
    def __init__(self, ids: Tensor, block: int, stride: int | None = None):
        stride = block if stride is None else stride
        if block < 1:
            raise ValueError(f"block is {block}, but a window has at least one input")
        if stride < 1:
            raise ValueError(f"stride is {stride}, but the next window starts later")
        if len(ids) < block + 1:
            raise ValueError(f"ids: {len(ids)} are too few for {block} inputs and their targets")
        self.ids, self.block, self.stride = ids, block, stride

    def __len__(self) -> int:
        return (len(self.ids) - self.block) // self.stride + 1

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        count = len(self)
        if not -count <= i < count:
            raise IndexError(f"window {i} of {count}")
        start = i % count * self.stride
        window = self.ids[start : start + self.block + 1]
        return window[:-1], window[1:]


def length(dataset: Dataset) -> int:
    return len(dataset)


def item(dataset: Dataset, i: int) -> Any:
    return dataset[i]


def first(dataset: Dataset, most: int) -> list[Any]:
    return [window for window, _ in zip(dataset, range(most), strict=False)]


def loaded(dataset: Dataset, batch_size: int) -> list[Any]:
    return list(DataLoader(dataset, batch_size))
