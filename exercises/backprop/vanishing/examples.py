import torch

from grader.oracle import assert_close, assert_tensor


def check_two_layers_by_hand(submission):
    """The two layers of one unit in the README: norms 48 and 24."""
    weights, x, target = (
        [torch.tensor([[2.0]]), torch.tensor([[4.0]])],
        *torch.tensor([[[1.0]], [[2.0]]]),
    )
    got = submission.grad_profile(weights, x, target, "relu")
    assert_close(got, torch.tensor([48.0, 24.0]), "the profile")


def check_five_layers(submission, record):
    """The profile of five relu layers from He's start has five norms."""
    weights = submission.make_weights(5, 16, "he", 0)
    x, target = torch.randn(2, 32, 16, generator=torch.Generator().manual_seed(0))
    got = submission.grad_profile(weights, x, target, "relu")
    got = assert_tensor(got, "the profile", shape=(5,))
    record.measure("first over last, relu he, 5 layers", float(got[0] / got[-1]))
