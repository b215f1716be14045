"""A scalar autograd engine. Edit this file, then run `grade micro_autograd`.

A Value is a number that remembers which operation made it, and from what. `L.backward()` then finds
the derivative of L by every Value that L was made of.

Conventions:
- An operand is a Value or a plain number (int or float), on either side: `v * 2`, `2 * v`, `1 / v`.
  The result is always a new Value. Plain numbers get no gradient.
- A leaf is a Value that was made by Value(...), and not by an operation.
- `.data` and `.grad` are floats.

Not available here: torch and numpy, since this exercise is what they do.
"""

import math


class Value:
    """A number with a gradient.

    Attributes:
        data  the number
        grad  0.0 at first. After one L.backward(): dL/dself, for leaves and all other nodes;
              0.0 where L was not made of it
    Operators: a + b, a - b, a * b, a / b, -a, and a ** k for a plain number k
    """

    data: float
    grad: float

    def __init__(self, data: float) -> None:
        raise NotImplementedError("Value: your code goes here")

    def __pow__(self, exponent: float) -> "Value":
        """Raises: TypeError naming `exponent`, if it is a Value."""
        raise NotImplementedError("Value.__pow__: your code goes here")

    def exp(self) -> "Value":
        raise NotImplementedError("Value.exp: your code goes here")

    def log(self) -> "Value":
        raise NotImplementedError("Value.log: your code goes here")

    def tanh(self) -> "Value":
        raise NotImplementedError("Value.tanh: your code goes here")

    def relu(self) -> "Value":
        """max(self, 0); the derivative at 0 is 0."""
        raise NotImplementedError("Value.relu: your code goes here")

    def backward(self) -> None:
        """Add d self / d leaf to the `grad` of every leaf that self was made of.

        It adds: a second call, on the same or on another root, adds to what is there. (What the
        grad of a node that is no leaf holds after two calls is up to you.)
        Each node is worked on once, however many paths lead to it. Chains of 5,000 nodes are legal,
        and Python allows about 1,000 nested calls.
        """
        raise NotImplementedError("Value.backward: your code goes here")


def zero_grad(*values: Value) -> None:
    """Set `grad` of each to 0.0."""
    raise NotImplementedError("zero_grad: your code goes here")


OPERATIONS: dict = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "exp": lambda a: a.exp(),
    "log": lambda a: a.log(),
    "tanh": lambda a: a.tanh(),
    "relu": lambda a: a.relu(),
}


def run(program: list, xs: list[float], roots: list[int] | None = None) -> tuple[list, list]:
    """Given, leave it as it is: the grader asks through it, since Values do not leave the box.

    Nodes 0, 1, ... are leaves with the numbers xs; then every line of the program makes one node.
    ["mul", "n0", 2.0] is node 0 times the number 2.0. Then backward is called on each of the
    roots, by number; on the last node where there are none.
    Returns: data and grad of all nodes.
    """
    nodes = [Value(x) for x in xs]
    for operation, *operands in program:
        values = [nodes[int(each[1:])] if isinstance(each, str) else each for each in operands]
        nodes.append(OPERATIONS[operation](*values))
    for root in [len(nodes) - 1] if roots is None else roots:
        nodes[root].backward()
    return [node.data for node in nodes], [node.grad for node in nodes]
