"""Your product hands each operand its own number. The slope of a * b by a is b.
caught by: check_every_operation
"""

import math


class Value:
    def __init__(self, data: float, *operands: tuple["Value", float]) -> None:
        self.data = float(data)
        self.grad = 0.0
        self.operands = operands

    def __add__(self, other: "Value | float") -> "Value":
        other = _value(other)
        return Value(self.data + other.data, (self, 1.0), (other, 1.0))

    def __mul__(self, other: "Value | float") -> "Value":
        other = _value(other)
        return Value(self.data * other.data, (self, self.data), (other, other.data))

    def __pow__(self, exponent: float) -> "Value":
        if isinstance(exponent, Value):
            raise TypeError("exponent must be a plain number, not a Value")
        slope = exponent * self.data ** (exponent - 1)
        return Value(self.data**exponent, (self, slope))

    def __neg__(self) -> "Value":
        return self * -1.0

    def __sub__(self, other: "Value | float") -> "Value":
        return self + -other

    def __truediv__(self, other: "Value | float") -> "Value":
        return self * _value(other) ** -1

    def __radd__(self, other: float) -> "Value":
        return self + other

    def __rmul__(self, other: float) -> "Value":
        return self * other

    def __rsub__(self, other: float) -> "Value":
        return -self + other

    def __rtruediv__(self, other: float) -> "Value":
        return other * self**-1

    def exp(self) -> "Value":
        y = math.exp(self.data)
        return Value(y, (self, y))

    def log(self) -> "Value":
        return Value(math.log(self.data), (self, 1 / self.data))

    def tanh(self) -> "Value":
        y = math.tanh(self.data)
        return Value(y, (self, 1 - y**2))

    def relu(self) -> "Value":
        alive = self.data > 0
        return Value(self.data if alive else 0.0, (self, float(alive)))

    def backward(self) -> None:
        """What arrives in this pass is kept apart from `grad`, which may hold earlier passes."""
        order = _order(self)
        arrived = dict.fromkeys(order, 0.0)
        arrived[self] = 1.0
        for node in reversed(order):
            node.grad += arrived[node]
            for operand, slope in node.operands:
                arrived[operand] += slope * arrived[node]


def _value(x: Value | float) -> Value:
    return x if isinstance(x, Value) else Value(x)


def _order(root: Value) -> list[Value]:
    """Every node once, operands before results: depth first, with a stack of our own."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(operand, False) for operand, _ in node.operands]
    return order


def zero_grad(*values: Value) -> None:
    for value in values:
        value.grad = 0.0


OPERATIONS = {
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
    nodes = [Value(x) for x in xs]
    for operation, *operands in program:
        values = [nodes[int(each[1:])] if isinstance(each, str) else each for each in operands]
        nodes.append(OPERATIONS[operation](*values))
    for root in [len(nodes) - 1] if roots is None else roots:
        nodes[root].backward()
    return [node.data for node in nodes], [node.grad for node in nodes]
