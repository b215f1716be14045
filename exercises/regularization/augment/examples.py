import torch

from grader.oracle import Mismatch, assert_close, assert_equal, assert_tensor, generator

IMAGE = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
SHIFTS = [
    torch.nn.functional.pad(IMAGE, (1, 1, 1, 1))[..., row : row + 2, column : column + 2]
    for row in range(3)
    for column in range(3)
]


def check_shift_moves_zeros_in(submission):
    """shift of the 2 x 2 image by up to 1 gives one of its nine shifts."""
    for seed in range(4):
        got = submission.shift(IMAGE, 1, generator(seed))
        got = assert_tensor(got, "shift(x, 1)", shape=(1, 1, 2, 2), dtype=torch.float32)
        if not any(torch.equal(got, each) for each in SHIFTS):
            raise Mismatch("shift: this is none of the nine shifts", got=got)


def check_turn_and_flip(submission):
    """The 2 x 2 image turned by a quarter, and mirrored."""
    turned = torch.tensor([[[[2.0, 4.0], [1.0, 3.0]]]])
    assert_equal(submission.rot90(IMAGE, torch.tensor([1])), turned, "rot90(x, k=[1])")
    flipped = torch.tensor([[[[2.0, 1.0], [4.0, 3.0]]]])
    assert_equal(submission.hflip(IMAGE, 1.0, None), flipped, "hflip(x, 1.0)")


def check_warp(submission):
    """The sequence of the task, read with the power 2, and with 1."""
    x = torch.tensor([[0.0, 10.0, 20.0, 60.0]])
    warped = torch.tensor([[0.0, 10 / 3, 40 / 3, 60.0]])
    assert_close(submission.time_warp(x, torch.tensor([2.0])), warped, "time_warp, power 2")
    assert_close(submission.time_warp(x, torch.tensor([1.0])), x, "time_warp, power 1")
