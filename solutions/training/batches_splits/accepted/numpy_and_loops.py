"""Written with numpy's generator and plain loops; every part is cut at rounded bounds."""

import numpy as np
import torch

PARTS = ("train", "val", "test")


def batches(n, batch_size, shuffle=False, drop_last=False, seed=0, epoch=0):
    if batch_size < 1:
        raise ValueError("batch_size must be positive")
    rows = np.arange(n)
    if shuffle:
        rows = np.random.default_rng([seed, epoch]).permutation(n)
    count = n // batch_size if drop_last else -(-n // batch_size)
    return [rows[k * batch_size : (k + 1) * batch_size].tolist() for k in range(count)]


def pad_collate(seqs, pad_id):
    if len(seqs) == 0:
        raise ValueError("seqs must not be empty")
    longest = max(len(seq) for seq in seqs)
    ids = torch.full((len(seqs), longest), pad_id, dtype=torch.int64)
    mask = torch.zeros(len(seqs), longest, dtype=torch.bool)
    for row, seq in enumerate(seqs):
        ids[row, : len(seq)] = seq
        mask[row, : len(seq)] = True
    return ids, mask, mask.sum(1)


def cut(rows, fractions):
    ends = [round(fractions[0] * len(rows)), round((fractions[0] + fractions[1]) * len(rows))]
    return [rows[: ends[0]], rows[ends[0] : ends[1]], rows[ends[1] :]]


def split(n, fractions, seed, groups=None, y=None):
    if any(share < 0 for share in fractions) or abs(sum(fractions) - 1) > 1e-6:
        raise ValueError("fractions must sum to 1")
    if groups is not None and y is not None:
        raise ValueError("give groups or y, not both")
    rng = np.random.default_rng(seed)
    found = [[], [], []]
    if groups is not None:
        names = sorted(set(groups.tolist()))
        done = 0
        for name in rng.permutation(names):
            rows = [row for row, group in enumerate(groups.tolist()) if group == name]
            middle = (done + len(rows) / 2) / n
            part = 0 if middle <= fractions[0] else 1 if middle <= sum(fractions[:2]) else 2
            found[part] += rows
            done += len(rows)
    else:
        labels = [0] * n if y is None else y.tolist()
        for name in sorted(set(labels)):
            rows = rng.permutation([row for row, label in enumerate(labels) if label == name])
            for part, some in zip(found, cut(rows.tolist(), fractions), strict=True):
                part += some
    return {name: torch.tensor(rows, dtype=torch.int64) for name, rows in zip(PARTS, found)}


def scale_parts(X, parts):
    train = X[parts["train"]]
    mean = train.sum(0) / len(train)
    std = ((train - mean) ** 2).mean(0).sqrt()
    std[train.amax(0) == train.amin(0)] = 1
    return {name: (X[rows] - mean) / std for name, rows in parts.items()}


def find_leaks(Xa, Xb):
    b = Xb.tolist()
    return [(i, j) for i, row in enumerate(Xa.tolist()) for j in range(len(b)) if b[j] == row]
