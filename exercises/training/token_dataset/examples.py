import torch

from grader.oracle import Mismatch, assert_equal, unpack

TEXT = "to be or not to be"


def check_vocabulary_by_hand(submission):
    """The vocabulary of "to be or not to be" has seven characters, the space first."""
    stoi, itos = unpack(submission.build_vocab(TEXT), 2, "build_vocab")
    if itos != [" ", "b", "e", "n", "o", "r", "t"] or stoi != {c: k for k, c in enumerate(itos)}:
        raise Mismatch(f"build_vocab({TEXT!r}): got {itos} and {stoi}")
    expected = torch.tensor([6, 4, 0, 1, 2])
    assert_equal(submission.encode("to be", stoi), expected, "encode('to be', stoi)")


def check_windows_by_hand(submission):
    """Ten ids give three windows of block 3: nothing is left over, nothing is read twice."""
    dataset = submission.TokenDataset(torch.arange(10) * 10, 3)
    count = submission.length(dataset)
    if count != 3:
        raise Mismatch(f"len(TokenDataset(10 ids, block=3)): got {count}, expected 3")
    x, y = unpack(submission.item(dataset, 1), 2, "dataset[1]")
    assert_equal(x, torch.tensor([30, 40, 50]), "x of dataset[1]")
    assert_equal(y, torch.tensor([40, 50, 60]), "y of dataset[1]")


def check_stride_one(submission):
    """With stride 1 every start that leaves room for the last target is a window."""
    dataset = submission.TokenDataset(torch.arange(6), 4, stride=1)
    count = submission.length(dataset)
    if count != 2:
        raise Mismatch(f"len(TokenDataset(6 ids, block=4, stride=1)): got {count}, expected 2")
    _, y = unpack(submission.item(dataset, -1), 2, "dataset[-1]")
    assert_equal(y, torch.tensor([2, 3, 4, 5]), "y of dataset[-1]")
