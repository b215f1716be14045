import torch

from grader.oracle import assert_close, assert_equal


def check_first_rows_of_the_table(submission):
    """sinusoidal(3, 4) is the table of the README."""
    expected = [[0, 1, 0, 1], [0.8415, 0.5403, 0.01, 0.99995], [0.9093, -0.4161, 0.02, 0.9998]]
    assert_close(submission.sinusoidal(3, 4), torch.tensor(expected), "sinusoidal(3, 4)", atol=1e-4)


def check_a_pair_is_turned(submission):
    """x = [1, 0, 0, 1] at position 1, as in the README; at position 0 it stays as it is."""
    x = torch.tensor([[1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0]])
    expected = torch.tensor([[1.0, 0.0, 0.0, 1.0], [0.5403, 0.8415, -0.01, 0.99995]])
    assert_close(submission.rope(x), expected, "rope(x)", atol=1e-4)


def check_a_learned_table_is_added(submission):
    """Two sequences of two positions get rows 0 and 1 of the table."""
    layer = submission.LearnedPositions(3, 2)
    layer.load_state_dict({"table": torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])})
    x = torch.tensor([[[0.0, 0.0], [0.0, 0.0]], [[10.0, 0.0], [0.0, 10.0]]])
    expected = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[11.0, 2.0], [3.0, 14.0]]])
    assert_equal(layer(x), expected, "LearnedPositions(3, 2)(x)")
