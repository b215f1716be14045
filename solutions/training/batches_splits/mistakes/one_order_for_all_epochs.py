"""You shuffle once: every epoch has the same order. The epoch belongs into the seed as well.
caught by: check_order_follows_seed_and_epoch
"""

import torch
from torch import Tensor

PARTS = ("train", "val", "test")


def shuffled(n: int, seed: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def batches(
    n: int,
    batch_size: int,
    shuffle: bool = False,
    drop_last: bool = False,
    seed: int = 0,
    epoch: int = 0,
) -> list[list[int]]:
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}, but a batch has at least one row")
    rows = shuffled(n, 1000 * seed).tolist() if shuffle else list(range(n))
    cut = [rows[i : i + batch_size] for i in range(0, n, batch_size)]
    return [batch for batch in cut if len(batch) == batch_size or not drop_last]


def pad_collate(seqs: list[Tensor], pad_id: int) -> tuple[Tensor, Tensor, Tensor]:
    if not seqs:
        raise ValueError("seqs is empty, so the batch has no length")
    lengths = torch.tensor([len(seq) for seq in seqs])
    mask = torch.arange(int(lengths.max())) < lengths[:, None]
    ids = torch.full(mask.shape, pad_id)
    ids[mask] = torch.cat(seqs)
    return ids, mask, lengths


def split(
    n: int,
    fractions: tuple[float, float, float],
    seed: int,
    groups: Tensor | None = None,
    y: Tensor | None = None,
) -> dict[str, Tensor]:
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-6:
        raise ValueError(f"fractions are {fractions}, expected shares that sum to 1")
    if groups is not None and y is not None:
        raise ValueError("groups and y are both given; split by one of them")
    order = shuffled(n, seed)
    place = torch.empty(n, dtype=torch.float64)
    if groups is not None:
        before = 0
        names = groups.unique()
        for k in shuffled(len(names), seed).tolist():
            rows = groups == names[k]
            place[rows] = (before + int(rows.sum()) / 2) / n
            before += int(rows.sum())
    else:
        kinds = torch.zeros(n, dtype=torch.int64) if y is None else y
        for kind in kinds.unique():
            rows = order[kinds[order] == kind]
            place[rows] = (torch.arange(len(rows), dtype=torch.float64) + 0.5) / len(rows)
    first, second = fractions[0], fractions[0] + fractions[1]
    part = (place > first).long() + (place > second).long()
    return {name: (part == k).nonzero()[:, 0] for k, name in enumerate(PARTS)}


def scale_parts(X: Tensor, parts: dict[str, Tensor]) -> dict[str, Tensor]:
    train = X[parts["train"]]
    mean, std = train.mean(0), train.std(0, correction=0)
    std = torch.where((train == train[:1]).all(0), 1.0, std)
    return {name: (X[rows] - mean) / std for name, rows in parts.items()}


def find_leaks(Xa: Tensor, Xb: Tensor) -> list[tuple[int, int]]:
    equal = (Xa[:, None] == Xb[None]).all(-1)
    return [(i, j) for i, j in equal.nonzero().tolist()]
