"""From a text to (input, target) windows. Edit this file, then run `grade token_dataset`.

Not available here: `TensorDataset`, since the windows are to be cut when they are asked for.
"""

from typing import Any

from torch import Tensor
from torch.utils.data import DataLoader, Dataset


def build_vocab(text: str) -> tuple[dict[str, int], list[str]]:
    """The characters of a text: (stoi, itos).

    itos is the list of its different characters, sorted as Python's `sorted` does; stoi is the way
    back: stoi[itos[k]] == k. An empty text gives ({}, []).
    """
    raise NotImplementedError("build_vocab: your code goes here")


def encode(text: str, stoi: dict[str, int]) -> Tensor:
    """The ids of a text: (len(text),) int64, also for the empty text.

    Raises: ValueError if a character is not in stoi; the message contains that character.
    """
    raise NotImplementedError("encode: your code goes here")


def decode(ids: Tensor, itos: list[str]) -> str:
    """The text of some ids (n,) int64."""
    raise NotImplementedError("decode: your code goes here")


class TokenDataset(Dataset):
    """The full windows of `block` inputs with their targets; window i starts at id i * stride.

    Args:
        ids     (n,) int64; neither changed nor copied window by window
        block   ids in an input, at least 1
        stride  from the start of one window to the next, at least 1; None means `block`
    Raises: ValueError, naming the argument: `block` or `stride` below 1, or `ids` too short for
        one window.
    """

    def __init__(self, ids: Tensor, block: int, stride: int | None = None):
        raise NotImplementedError("TokenDataset: your code goes here")

    def __len__(self) -> int:
        """How many windows have all their inputs and all their targets."""
        raise NotImplementedError("TokenDataset: your code goes here")

    def __getitem__(self, i: int) -> tuple[Tensor, Tensor]:
        """Window i: x (block,) and y (block,), int64; y[t] is the id that follows x[t] in the text.

        i = -1 is the last window, as in a list. Raises: IndexError if there is no window i.
        """
        raise NotImplementedError("TokenDataset: your code goes here")


# Given: how the checks look into a dataset. Leave these four as they are.


def length(dataset: Any) -> int:
    return len(dataset)


def item(dataset: Any, i: int) -> Any:
    return dataset[i]


def first(dataset: Any, most: int) -> list[Any]:
    """What a plain `for` loop gets, cut off after `most` windows."""
    return [window for window, _ in zip(dataset, range(most), strict=False)]


def loaded(dataset: Any, batch_size: int) -> list[Any]:
    return list(DataLoader(dataset, batch_size))
