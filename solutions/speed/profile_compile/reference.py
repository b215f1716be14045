"""Profile, measure, mend, compile."""

from collections.abc import Callable
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, linear, one_hot
from torch.profiler import ProfilerActivity, profile

SLOWEST = {"method": "embed", "calls of aten::mean": 385, "aten::mm comes from": "embed"}

SLOWER_ON_A_GPU = {
    "loss.item() after each of 1,000 small layers": True,
    "loss.item() once every 100 steps": False,
    "5,000 element-wise kernels on 64 numbers each": True,
    "one kernel on 320,000 numbers": False,
    "attention that writes its (T, T) matrix to memory, T = 8,192": True,
}


def profile_step(step: Callable[[], Any]) -> list[tuple[str, float, int]]:
    step()
    with profile(activities=[ProfilerActivity.CPU]) as prof:
        step()
    rows = [(each.key, each.self_cpu_time_total, each.count) for each in prof.key_averages()]
    return sorted(rows, key=lambda row: row[1], reverse=True)


def throughput(
    step: Callable[[], Any], samples: int, warmup: int, repeats: int, clock: Callable[[], float]
) -> float:
    for _ in range(warmup):
        step()
    times = []
    for _ in range(repeats):
        start = clock()
        step()
        times.append(clock() - start)
    return samples / median(times)


def best_workers(seconds: dict[int, float]) -> int:
    fastest = min(seconds.values())
    return min(count for count, each in seconds.items() if each <= 1.05 * fastest)


class Noisy(torch.utils.data.Dataset):
    def __init__(self, x: Tensor, seed: int):
        self.x, self.seed, self.epoch = x, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, i: int) -> Tensor:
        own = (self.seed * 1_000_003 + self.epoch) * 1_000_003 + i
        generator = torch.Generator().manual_seed(own % 2**63)
        item = self.x[i]
        return item + torch.randn(item.shape, generator=generator, dtype=item.dtype)


class Fast(nn.Module):
    def __init__(self, vocab: int, d: int):
        super().__init__()
        self.table = nn.Parameter(torch.randn(vocab, d))
        self.weight = nn.Parameter(torch.randn(d, d) / d**0.5)
        self.bias = nn.Parameter(torch.zeros(d))

    def embed(self, ids: Tensor) -> Tensor:
        return embedding(ids, self.table)

    def average(self, x: Tensor) -> Tensor:
        counts = torch.arange(1, x.shape[1] + 1, device=x.device, dtype=x.dtype)
        return x.cumsum(1) / counts[:, None]

    def mix(self, x: Tensor) -> Tensor:
        return torch.tanh(linear(x, self.weight, self.bias))

    def forward(self, ids: Tensor) -> Tensor:
        return self.mix(self.average(self.embed(ids))).mean(1)


def compile_report(fn: Callable[..., Tensor], args: tuple[Any, ...]) -> dict[str, Any]:
    graphs = []

    def backend(graph: Any, example_inputs: list[Tensor]) -> Callable[..., Any]:
        graphs.append(graph)
        return graph.forward

    torch.compiler.reset()
    compiled = torch.compile(fn, backend=backend)(*args)
    equal = torch.allclose(compiled, fn(*args))
    return {"graphs": len(graphs), "breaks": max(len(graphs) - 1, 0), "equal": equal}


def unbroken(x: Tensor) -> Tensor:
    return torch.where(x.sum() > 0, x * 2, x - 1)


def item(data: Noisy, i: int) -> Tensor:
    return data[i]


def broken(x: Tensor) -> Tensor:
    """Its `if` looks at a value, so Python has to decide: the graph ends there."""
    if x.sum() > 0:
        return x * 2
    return x - 1


class Slow(nn.Module):
    """ids (B, T) int64 -> scores (B, d): embed, average over the past, mix, mean over T.

    Right in every number, and slow in three ways.
    """

    def __init__(self, vocab: int, d: int):
        super().__init__()
        self.table = nn.Parameter(torch.randn(vocab, d))
        self.weight = nn.Parameter(torch.randn(d, d) / d**0.5)
        self.bias = nn.Parameter(torch.zeros(d))

    def embed(self, ids: Tensor) -> Tensor:
        """The row of the table of each id: (B, T, d)."""
        return one_hot(ids, len(self.table)).to(self.table.dtype) @ self.table

    def average(self, x: Tensor) -> Tensor:
        """At t the mean over the positions 0..t: (B, T, d)."""
        return torch.stack([x[:, : t + 1].mean(1) for t in range(x.shape[1])], dim=1)

    def mix(self, x: Tensor) -> Tensor:
        """tanh of a linear layer: (B, T, d)."""
        products = x[..., None, :] * self.weight
        return torch.tanh(products.sum(-1) + self.bias)

    def forward(self, ids: Tensor) -> Tensor:
        return self.mix(self.average(self.embed(ids))).mean(1)


class Job:
    """A step to profile; its first call prepares a table, as a first step often does."""

    def __init__(self, width: int):
        self.layers = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.x = torch.randn(width, width)
        self.table: Tensor | None = None
        self.calls = 0

    def __call__(self) -> Tensor:
        self.calls += 1
        if self.table is None:
            self.table = torch.randn(200_000).sort().values
        return self.layers(self.x).sum()


def clean(x: Tensor) -> Tensor:
    return torch.tanh(x @ x.T).sum(0)


def talks(x: Tensor) -> Tensor:
    """Leaves the graph twice."""
    x = x * 2
    if x.max() > 100:
        x = x / 2
    y = x.cos()
    if y.sum() > 1e6:
        y = -y
    return y + x


def draws(x: Tensor) -> Tensor:
    """Different each time, compiled or not."""
    return x + torch.rand(x.shape)
