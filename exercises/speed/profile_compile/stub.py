"""Profiling and torch.compile. Edit this file, then run `grade profile_compile`."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

# What the profile of Slow(3000, 64) on ids (4, 384) shows: the method of Slow that takes most of
# the time ("embed", "average" or "mix"), how often one forward pass calls `aten::mean`, and from
# which of the three methods `aten::mm` comes.
SLOWEST = {"method": None, "calls of aten::mean": None, "aten::mm comes from": None}

# What an accelerator would say, where each `.item()` waits until the device has finished, and a
# kernel starts in 5 microseconds however small its work: does this make training slower there?
# True or False for each.
SLOWER_ON_A_GPU = {
    "loss.item() after each of 1,000 small layers": None,
    "loss.item() once every 100 steps": None,
    "5,000 element-wise kernels on 64 numbers each": None,
    "one kernel on 320,000 numbers": None,
    "attention that writes its (T, T) matrix to memory, T = 8,192": None,
}


def profile_step(step: Callable[[], Any]) -> list[tuple[str, float, int]]:
    """Which operations one call of `step` spends its time in.

    Calls `step` twice: once before the profiler starts, so that what happens only the first time
    is left out, and once inside `torch.profiler.profile` for the CPU.

    Returns: a row (name, self time in microseconds, number of calls) for each name in
    `key_averages()`, the largest self time first. Self time leaves out the operations that
    an operation calls in turn: `self_cpu_time_total`.
    """
    raise NotImplementedError("profile_step: your code goes here")


def throughput(
    step: Callable[[], Any], samples: int, warmup: int, repeats: int, clock: Callable[[], float]
) -> float:
    """Samples per second of `step`, which takes `samples` samples each time.

    Calls `step` `warmup` times untimed, then `repeats` times, each timed by itself with `clock()`
    (seconds) right before and right after. The median of these times counts, not their mean.
    """
    raise NotImplementedError("throughput: your code goes here")


def best_workers(seconds: dict[int, float]) -> int:
    """The fewest loader workers that are within 5 % of the fastest epoch.

    seconds: of one epoch, by the number of workers (0 loads in the training process).
    """
    raise NotImplementedError("best_workers: your code goes here")


class Noisy(torch.utils.data.Dataset):
    """Item i is x[i] plus standard normal noise of x[i]'s shape and dtype.

    The noise of an item depends on `seed`, on the epoch and on i, and on nothing else: not on how
    many items were read before, in which order, or by which worker's copy of the data set. Any
    two of the items and epochs get different noise. The global generator is left alone.
    """

    def __init__(self, x: Tensor, seed: int):
        """x (N, ...) float32 or float64. The epoch is 0."""
        raise NotImplementedError("Noisy: your code goes here")

    def set_epoch(self, epoch: int) -> None:
        raise NotImplementedError("Noisy.set_epoch: your code goes here")

    def __len__(self) -> int:
        raise NotImplementedError("Noisy.__len__: your code goes here")

    def __getitem__(self, i: int) -> Tensor:
        raise NotImplementedError("Noisy.__getitem__: your code goes here")


class Fast(nn.Module):
    """What `Slow` computes, with the same parameters, at least 8 times as fast.

    Outputs and gradients equal those of Slow to float32 accuracy (relative 1e-4). The state_dict
    of one can be loaded into the other.
    """

    def __init__(self, vocab: int, d: int):
        raise NotImplementedError("Fast: your code goes here")


def compile_report(fn: Callable[..., Tensor], args: tuple[Any, ...]) -> dict[str, Any]:
    """What torch.compile makes of one call fn(*args).

    Give `torch.compile` a backend of your own, a function backend(graph, example_inputs)
    that notes the call and returns graph.forward: it is called once for each graph.
    Begin with `torch.compiler.reset()`, so that nothing is left from an earlier function.

    Returns: a dict of
        "graphs"  how many graphs were captured
        "breaks"  how often the capture broke off: graphs - 1, or 0 if there was none
        "equal"   bool: whether the result is close to that of fn itself (torch.allclose)
    """
    raise NotImplementedError("compile_report: your code goes here")


def unbroken(x: Tensor) -> Tensor:
    """The same as `broken`, in one graph: for float32 or float64 x of any shape."""
    raise NotImplementedError("unbroken: your code goes here")


# Given: leave it as it is.


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
