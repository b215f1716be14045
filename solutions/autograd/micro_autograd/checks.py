import math
import random

import torch
from hypothesis import example, given
from hypothesis import strategies as st

from grader.oracle import Mismatch, assert_close, assert_raises, seeds, unpack, weight
from grader.oracle.values import describe

OPERATIONS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "exp": torch.exp,
    "log": torch.log,
    "tanh": torch.tanh,
    "relu": torch.relu,
}


def nodes_of(program, xs):
    """The nodes of a program as torch scalars; the first ones are leaves."""
    nodes = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in xs]
    for line in program:
        nodes.append(node_of(line, nodes))
    return nodes


def node_of(line, nodes):
    operation, *operands = line
    values = [nodes[int(each[1:])] if isinstance(each, str) else each for each in operands]
    return OPERATIONS[operation](*values)


def truth(program, xs):
    """Data of all nodes, and the gradients of the last one by all of them."""
    nodes = nodes_of(program, xs)
    grads = torch.autograd.grad(nodes[-1], nodes, allow_unused=True, materialize_grads=True)
    return torch.stack(nodes).detach(), torch.stack(grads)


def numbers(value, what):
    """A list of plain numbers as a float64 tensor."""
    if not isinstance(value, list):
        raise Mismatch(f"{what}: {describe(value)}, expected a list of numbers")
    for i, each in enumerate(value):
        if type(each) not in (int, float):
            raise Mismatch(f"{what}: node {i} has {describe(each)}, expected a number")
    return torch.tensor(value, dtype=torch.float64)


def ask(submission, program, xs, roots=None):
    """Data and gradients of all nodes, according to the submission."""
    data, grads = unpack(submission.run(program, xs, roots), 2, "run")
    return numbers(data, "data"), numbers(grads, "grad")


def assert_agrees(submission, program, xs, what):
    """Data and gradients equal those of torch."""
    data, grads = truth(program, xs)
    got_data, got_grads = ask(submission, program, xs)
    assert_close(got_data, data, f"data of the nodes of {what}")
    # Sums may cancel, so the largest gradient sets the scale of what rounding can do.
    atol = 1e-10 * max(1.0, float(grads.abs().max()))
    assert_close(got_grads, grads, f"grad of the nodes of {what}", atol=atol)


def usable(operation, a, b):
    """Whether torch's value and slope are moderate here, away from kinks and poles."""
    a, b = float(a), float(b)
    return {
        "div": abs(b) > 0.2,
        "log": a > 0.2,
        "relu": abs(a) > 0.01,
        "exp": a < 2,
        "pow": a > 0.2 and abs(b) < 4,
    }.get(operation, True)


def random_program(seed, length):
    """2 to 4 leaves in [-2, 2], and lines that use any earlier node, often the latest."""
    rng = random.Random(seed)
    xs = [round(rng.uniform(-2, 2), 2) for _ in range(rng.randint(2, 4))]
    program, nodes = [], nodes_of([], xs)
    while len(program) < length:
        operation = rng.choice(list(OPERATIONS))
        first, second = (rng.randrange(len(nodes)) for _ in range(2))
        if rng.random() < 0.5:
            first = len(nodes) - 1
        operands = [f"n{first}"]
        a, b = nodes[first].detach(), nodes[second].detach()
        if operation == "pow":
            b = rng.choice([2, 3, -1, 0.5, -1.5])
            operands.append(b)
        elif operation in ("add", "sub", "mul", "div"):
            operands.append(f"n{second}")
            if rng.random() < 0.3:
                b = rng.choice([2, -3, 0.5])
                operands[1] = b
                if rng.random() < 0.5:
                    operands, a, b = operands[::-1], b, a
        if not usable(operation, a, b):
            continue
        node = node_of([operation, *operands], nodes)
        if abs(float(node)) < 20:
            program.append([operation, *operands])
            nodes.append(node)
    return program, xs


def check_every_operation(submission):
    """Every operator and function: value and slopes equal torch's, on both sides of 0."""
    for name in OPERATIONS:
        two = name in ("add", "sub", "mul", "div")
        if name == "pow":
            lines = [[name, "n0", k] for k in (2, 3, -1, 0.5, -1.5, 1)]
        else:
            lines = [[name, "n0", "n1"] if two else [name, "n0"]]
        for line in lines:
            for a in (0.7, 1.5) if name in ("log", "pow") else (-1.5, 0.7):
                assert_agrees(submission, [line], [a, -0.6], f"{name}, with n0 = {a}")
    assert_agrees(submission, [["relu", "n0"]], [0.0], "relu at 0")
    assert_agrees(submission, [["pow", "n0", 3]], [-1.5], "(-1.5) ** 3")


def check_plain_numbers(submission):
    """A plain number may stand on either side of + - * and /, as an int or a float."""
    for name in ("add", "sub", "mul", "div"):
        for number in (2, -0.5):
            assert_agrees(submission, [[name, number, "n0"]], [1.5], f"{number} {name} v")
            assert_agrees(submission, [[name, "n0", number]], [1.5], f"v {name} {number}")


def check_same_node_twice(submission):
    """x + x, x - x, x * x and x / x: both operands are the same node."""
    for name in ("add", "sub", "mul", "div"):
        assert_agrees(submission, [[name, "n0", "n0"]], [1.7], f"x {name} x")


@weight(2)
def check_waits_for_all_users(submission):
    """A node hands its gradient on only when all of its users have handed it theirs."""
    late = [["mul", "n0", "n0"], ["tanh", "n1"], ["mul", "n2", "n0"], ["mul", "n1", "n3"]]
    for last in (["add", "n1", "n4"], ["add", "n4", "n1"], ["mul", "n1", "n4"]):
        assert_agrees(submission, [*late, last], [0.8], "a graph with a shortcut")


@weight(3)
@example(seed=0, length=35)
@given(seed=seeds(), length=st.integers(3, 40))
def check_random_graphs(submission, seed, length):
    """Graphs of up to 40 nodes with shared parts: data and grad of every node equal torch's."""
    program, xs = random_program(seed, length)
    assert_agrees(submission, program, xs, f"a graph of {length} lines")


def check_off_the_path(submission):
    """A leaf that the root was not made of keeps a grad of 0."""
    program = [["mul", "n1", 3.0], ["mul", "n0", "n0"]]
    _, grads = ask(submission, program, [2.0, 5.0])
    assert_close(grads, torch.tensor([4.0, 0.0, 0.0, 1.0]).double(), "grad of the nodes")


@weight(2)
@given(x=st.sampled_from([0.5, -1.5]))
def check_second_backward_adds(submission, x):
    """A second backward adds to the grad of the leaves, on the same root and on another one."""
    program = [["mul", "n0", "n1"], ["tanh", "n2"], ["mul", "n2", "n3"], ["exp", "n2"]]
    for roots in ([4, 4], [4, 5], [5, 4, 4]):
        expected = torch.zeros(2, dtype=torch.float64)
        for root in roots:
            nodes = nodes_of(program, [x, 0.8])
            expected += torch.stack(torch.autograd.grad(nodes[root], nodes[:2]))
        _, grads = ask(submission, program, [x, 0.8], roots)
        what = f"grad of the leaves after backward on nodes {roots}"
        assert_close(grads[:2], expected, what)


def check_many_paths(submission):
    """60 nodes with 2^60 paths take no time, since each node is worked on once."""
    program = [["add", f"n{i}", f"n{i}"] for i in range(60)]
    _, grads = ask(submission, program, [1.0])
    assert_close(grads[:1], torch.tensor([2.0**60]).double(), "grad of the leaf")


@weight(2)
def check_long_chain(submission):
    """A chain of 5,000 nodes raises no RecursionError."""
    program = [["add", f"n{i}", "n0"] for i in range(5000)]
    data, grads = ask(submission, program, [0.25])
    assert_close(data[-1], torch.tensor(5001 * 0.25).double(), "data at the end of the chain")
    assert_close(grads[0], torch.tensor(5001.0).double(), "grad of the leaf")


def check_zero_grad(submission):
    """A new Value has a grad of 0; zero_grad clears those that it is given, and no others."""
    first, second = submission.Value(0.5), submission.Value(2.0)
    for leaf in (first, second):
        assert_close(numbers([leaf.grad], "grad"), torch.zeros(1).double(), "grad of a new Value")
        leaf.tanh().backward()
    submission.zero_grad(first)
    assert_close(numbers([first.grad], "grad"), torch.zeros(1).double(), "grad after zero_grad")
    kept = torch.tensor([1 - math.tanh(2.0) ** 2], dtype=torch.float64)
    assert_close(numbers([second.grad], "grad"), kept, "grad of a Value that was not cleared")
    submission.zero_grad(first, second)
    assert_close(numbers([second.grad], "grad"), torch.zeros(1).double(), "grad after zero_grad")


def check_refuses_value_as_exponent(submission):
    """v ** w raises a TypeError that names `exponent`, if w is a Value."""
    with assert_raises("Value(2) ** Value(3)", "TypeError", naming="exponent"):
        submission.run([["pow", "n0", "n1"]], [2.0, 3.0])
