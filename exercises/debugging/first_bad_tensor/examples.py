import torch

from grader.oracle import Mismatch

CHAIN = {"body": {"fc": [6, 6], "act": "relu"}, "log": "log", "head": [6, 2]}


def check_log_of_zero(submission):
    """The log of a ReLU's zeros is named, and not the layer behind it."""
    x = torch.linspace(-1, 1, 24).reshape(4, 6)
    model = submission.build(CHAIN)
    with_zeros = {**model.state_dict(), "body.fc.weight": -torch.eye(6)}
    model.load_state_dict(with_zeros)
    got = submission.first_nonfinite(model, x)
    if got != "log":
        raise Mismatch(f"first_nonfinite is {got!r}, expected 'log'")


def check_report_by_hand(submission):
    """A weight of 3 and 4 with the gradient 0.25 and 0, and a bias without one."""
    model = submission.build([2, 1])
    model.load_state_dict({"weight": torch.tensor([[3.0, 4.0]]), "bias": torch.zeros(1)})
    submission.give_gradients(model, {"weight": torch.tensor([[0.25, 0.0]])})
    got = submission.grad_report(model)
    expected = {
        "weight": {"none": False, "norm": 0.25, "nonfinite": 0, "ratio": 0.05},
        "bias": {"none": True, "norm": None, "nonfinite": 0, "ratio": None},
    }
    if got != expected:
        raise Mismatch(f"grad_report is {got}, expected {expected}")


def check_root_of_zero(submission):
    """sqrt(0) is finite, and its gradient is what goes wrong."""
    got = submission.where_backward(submission.loss_of("sqrt", torch.tensor([1.0, 0.0])))
    if got != "SqrtBackward0":
        raise Mismatch(f"where_backward is {got!r}, expected 'SqrtBackward0'")
