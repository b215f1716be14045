import math

import torch

from grader.oracle import Mismatch, assert_close


def check_one_step_by_hand(submission):
    """w = 1, b = 0, x = 2, y = 6: loss 16, and lr 0.1 gives w = 2.6, b = 0.8."""
    model = submission.mlp([1, 1])
    model.load_state_dict({"0.weight": torch.ones(1, 1), "0.bias": torch.zeros(1)})
    opt = submission.optimiser(model, "sgd", 0.1)
    x, y = torch.tensor([[2.0]]), torch.tensor([[6.0]])
    loss = submission.train_step(model, opt, submission.value("squared_error"), x, y)
    if type(loss) is not float or not math.isclose(loss, 16.0, rel_tol=1e-6):
        raise Mismatch(f"train_step: returned {loss}, expected 16.0")
    state = model.state_dict()
    assert_close(state["0.weight"], torch.tensor([[2.6]]), "the weight after the step")
    assert_close(state["0.bias"], torch.tensor([0.8]), "the bias after the step")


def check_first_loop_falls(submission):
    """The four losses of the first loop begin at 7.0094 and fall."""
    got = submission.first_loop()
    if not isinstance(got, dict) or list(got) != [0, 1, 5, 19]:
        raise Mismatch(f"first_loop(): returned {got}, expected the losses of epochs 0, 1, 5, 19")
    if not math.isclose(got[0], 7.0094, rel_tol=1e-3) or not got[0] > got[1] > got[5] > got[19]:
        raise Mismatch(f"first_loop(): got {got}, expected to begin at 7.0094 and fall")
