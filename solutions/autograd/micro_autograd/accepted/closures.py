"""Closures in the nodes, gradients in place, and an order by counting users."""

import math


class Value:
    def __init__(self, data, operands=()):
        self.data, self.grad = float(data), 0.0
        self._operands = operands
        self._push = None

    @staticmethod
    def _of(data, *pairs):
        out = Value(data, tuple(operand for operand, _ in pairs))

        def push():
            for operand, slope in pairs:
                operand.grad += slope * out.grad

        out._push = push
        return out

    def __add__(self, other):
        other = lift(other)
        return Value._of(self.data + other.data, (self, 1), (other, 1))

    def __sub__(self, other):
        other = lift(other)
        return Value._of(self.data - other.data, (self, 1), (other, -1))

    def __mul__(self, other):
        other = lift(other)
        return Value._of(self.data * other.data, (self, other.data), (other, self.data))

    def __truediv__(self, other):
        other = lift(other)
        y = self.data / other.data
        return Value._of(y, (self, 1 / other.data), (other, -y / other.data))

    def __pow__(self, exponent):
        if not isinstance(exponent, int | float):
            raise TypeError("the exponent is no number")
        return Value._of(self.data**exponent, (self, exponent * self.data**exponent / self.data))

    __radd__, __rmul__ = __add__, __mul__

    def __rsub__(self, other):
        return lift(other) - self

    def __rtruediv__(self, other):
        return lift(other) / self

    def __neg__(self):
        return 0 - self

    def exp(self):
        return Value._of(math.exp(self.data), (self, math.exp(self.data)))

    def log(self):
        return Value._of(math.log(self.data), (self, self.data**-1))

    def tanh(self):
        return Value._of(math.tanh(self.data), (self, math.cosh(self.data) ** -2))

    def relu(self):
        return Value._of(max(self.data, 0.0), (self, 1 if self.data > 0 else 0))

    def backward(self):
        users, stack, nodes = {self: 0}, [self], []
        while stack:
            for operand in stack.pop()._operands:
                if operand not in users:
                    users[operand] = 0
                    stack.append(operand)
                users[operand] += 1
        for node in users:
            if node._operands:
                node.grad = 0.0
        self.grad += 1.0
        nodes = [self]
        while nodes:
            node = nodes.pop()
            if node._push:
                node._push()
            for operand in node._operands:
                users[operand] -= 1
                if users[operand] == 0:
                    nodes.append(operand)


def lift(x):
    return x if isinstance(x, Value) else Value(x)


def zero_grad(*values):
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
