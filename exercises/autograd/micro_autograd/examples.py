import torch

from grader.oracle import assert_close, unpack


def check_one_neuron(submission):
    """The neuron of hand_trace: (w * x - y) ** 2 with w = 2, x = 3, y = 9."""
    program = [["mul", "n0", "n1"], ["sub", "n2", 9.0], ["pow", "n3", 2]]
    data, grads = unpack(submission.run(program, [2.0, 3.0]), 2, "run")
    assert_close(torch.tensor(data), torch.tensor([2.0, 3.0, 6.0, -3.0, 9.0]), "data of the nodes")
    assert_close(torch.tensor(grads), torch.tensor([-18.0, -12, -6, -6, 1]), "grad of the nodes")


def check_a_node_used_twice(submission):
    """The graph of the task: p = 2 x, q = p x, L = p + q with x = 3."""
    program = [["mul", 2, "n0"], ["mul", "n1", "n0"], ["add", "n1", "n2"]]
    data, grads = unpack(submission.run(program, [3.0]), 2, "run")
    assert_close(torch.tensor(data), torch.tensor([3.0, 6.0, 18.0, 24.0]), "data of x, p, q, L")
    assert_close(torch.tensor(grads), torch.tensor([14.0, 4.0, 1.0, 1.0]), "grad of x, p, q, L")


def check_relu_on_both_sides(submission):
    """relu at -1 and at 1."""
    for x, y, slope in ((-1.0, 0.0, 0.0), (1.0, 1.0, 1.0)):
        data, grads = unpack(submission.run([["relu", "n0"]], [x]), 2, "run")
        assert_close(torch.tensor(data), torch.tensor([x, y]), f"data of x = {x} and relu(x)")
        assert_close(torch.tensor(grads), torch.tensor([slope, 1.0]), "grad of x and relu(x)")
