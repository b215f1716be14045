"""Indexing, einsum and a matrix of means; the breaks are counted by a class."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot
from torch.profiler import ProfilerActivity, profile

SLOWEST = {"aten::mm comes from": "embed", "method": "embed", "calls of aten::mean": 385}

SLOWER_ON_A_GPU = {
    "loss.item() after each of 1,000 small layers": True,
    "loss.item() once every 100 steps": False,
    "5,000 element-wise kernels on 64 numbers each": True,
    "one kernel on 320,000 numbers": False,
    "attention that writes its (T, T) matrix to memory, T = 8,192": True,
}


def profile_step(step):
    step()
    prof = profile(activities=[ProfilerActivity.CPU])
    prof.start()
    step()
    prof.stop()
    rows = [(each.self_cpu_time_total, each.key, each.count) for each in prof.key_averages()]
    return [(name, float(time), count) for time, name, count in sorted(rows)[::-1]]


def throughput(step, samples, warmup, repeats, clock):
    times = []
    for k in range(warmup + repeats):
        begin = clock() if k >= warmup else None
        step()
        if begin is not None:
            times.append(clock() - begin)
    return samples / torch.tensor(times, dtype=torch.float64).quantile(0.5).item()


def best_workers(seconds):
    enough = 1.05 * min(seconds.values())
    return next(count for count in sorted(seconds) if seconds[count] <= enough)


class Noisy(torch.utils.data.Dataset):
    def __init__(self, x, seed):
        self.x, self.seed = x, seed
        self.set_epoch(0)

    def set_epoch(self, epoch):
        top = 2**62
        start = torch.Generator().manual_seed((self.seed * 10_007 + epoch) % top)
        self.seeds = torch.randint(top, (len(self.x),), generator=start)

    def __len__(self):
        return self.x.shape[0]

    def __getitem__(self, i):
        own = torch.Generator().manual_seed(int(self.seeds[i]))
        return self.x[i] + torch.empty_like(self.x[i]).normal_(generator=own)


class Fast(nn.Module):
    def __init__(self, vocab, d):
        super().__init__()
        self.table = nn.Parameter(torch.empty(vocab, d).normal_())
        self.weight = nn.Parameter(torch.empty(d, d).normal_(std=d**-0.5))
        self.bias = nn.Parameter(torch.zeros(d))

    def forward(self, ids):
        x = self.table[ids]
        steps = torch.arange(1, ids.shape[1] + 1).view(-1, 1)
        x = x.cumsum(dim=1) / steps
        return (x @ self.weight.mT + self.bias).tanh().mean(dim=1)


class Counter:
    def __init__(self):
        self.count = 0

    def __call__(self, graph, example_inputs):
        self.count += 1
        return graph.forward


def compile_report(fn, args):
    torch.compiler.reset()
    counter = Counter()
    got = torch.compile(fn, backend=counter)(*args)
    close = torch.allclose(got, fn(*args), rtol=1e-4)
    return {"graphs": counter.count, "breaks": max(counter.count, 1) - 1, "equal": close}


def unbroken(x):
    positive = (x.sum() > 0).to(x.dtype)
    return positive * (2 * x) + (1 - positive) * (x - 1)


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
