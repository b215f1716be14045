import torch

from grader.oracle import Mismatch, assert_close, assert_equal, unpack


def same(got, expected, what):
    if got != expected:
        raise Mismatch(f"{what}: got {str(got)[:200]}, expected {expected}")


def check_batches_in_order(submission):
    """Seven rows in batches of three: the last one is smaller, or left out."""
    same(submission.batches(7, 3), [[0, 1, 2], [3, 4, 5], [6]], "batches(7, 3)")
    got = submission.batches(7, 3, drop_last=True)
    same(got, [[0, 1, 2], [3, 4, 5]], "batches(7, 3, drop_last=True)")


def check_padding_by_hand(submission):
    """Lengths 2, 3 and 1, padded with 9; the 9 inside a sequence is a real token."""
    seqs = [torch.tensor([4, 9]), torch.tensor([5, 6, 7]), torch.tensor([8])]
    ids, mask, lengths = unpack(submission.pad_collate(seqs, 9), 3, "pad_collate")
    assert_equal(ids, torch.tensor([[4, 9, 9], [5, 6, 7], [8, 9, 9]]), "ids")
    assert_equal(mask, torch.tensor([[1, 1, 0], [1, 1, 1], [1, 0, 0]]).bool(), "mask")
    assert_equal(lengths, torch.tensor([2, 3, 1]), "lengths")


def check_scaling_by_hand(submission):
    """Train rows 1 and 3 have mean 2 and std 1; the test row 6 becomes 4."""
    X = torch.tensor([[1.0], [6.0], [3.0]])
    parts = {"train": torch.tensor([0, 2]), "val": torch.tensor([1]), "test": torch.tensor([1])}
    got = submission.scale_parts(X, parts)
    assert_close(got["train"], torch.tensor([[-1.0], [1.0]]), "the train part")
    assert_close(got["test"], torch.tensor([[4.0]]), "the test part")
