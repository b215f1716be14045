import torch

from grader.oracle import Mismatch, assert_close

INF = float("inf")


def check_the_table_of_the_task(submission):
    """Good, inf, good, good with interval 2: the factor goes 8, 4, 4, 8."""
    good = torch.tensor([1.0, 0.0, 0.0, 2.0])
    bad = torch.tensor([1.0, 0.0, 0.0, INF])
    rows = submission.play(submission.LossScaler(init=8.0, interval=2), [good, bad, good, good])
    factors = [row[0] for row in rows]
    if factors != [8.0, 4.0, 4.0, 8.0]:
        raise Mismatch(f"the factors are {factors}, expected [8.0, 4.0, 4.0, 8.0]")
    assert_close(rows[-1][1], torch.tensor([-3.0, 0.0, 0.0, -6.0]), "weights after three steps")


def check_a_plain_step(submission):
    """Without autocast and scaler it is the step that you know."""
    model = submission.Watched(1, 1, 2)
    state = {"first.weight": torch.ones(1, 1), "last.weight": torch.zeros(2, 1)}
    model.load_state_dict(state)
    parts = [(torch.tensor([[0.0]]), torch.tensor([0]))]
    loss = submission.amp_step(
        model, submission.sgd(model, 1.0), model.loss, parts, "cpu", torch.float32
    )
    if type(loss) is not float or abs(loss - 0.693147) > 1e-5:
        raise Mismatch(f"amp_step: returned {str(loss)[:40]}, expected ln 2 = 0.693147")
