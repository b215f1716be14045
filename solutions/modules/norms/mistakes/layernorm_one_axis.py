"""You averaged LayerNorm over the last axis only; with a shape of two axes both are averaged.
caught by: check_layernorm
"""

import torch
from torch import Tensor, nn


class MyLayerNorm(nn.Module):
    def __init__(self, shape: int | tuple[int, ...], eps: float = 1e-5) -> None:
        super().__init__()
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        self.axes = (-1,)
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(shape))
        self.bias = nn.Parameter(torch.zeros(shape))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(self.axes, keepdim=True)
        var = x.var(self.axes, correction=0, keepdim=True)
        return (x - mean) / torch.sqrt(var + self.eps) * self.weight + self.bias


class MyBatchNorm1d(nn.Module):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x: Tensor) -> Tensor:
        mean, var = self._statistics(x) if self.training else (self.running_mean, self.running_var)
        # Features stand on axis 1, whether an axis of length L follows or not.
        places = (-1, *[1] * (x.ndim - 2))
        mean, var, weight, bias = (
            each.view(places) for each in (mean, var, self.weight, self.bias)
        )
        return (x - mean) / torch.sqrt(var + self.eps) * weight + bias

    def _statistics(self, x: Tensor) -> tuple[Tensor, Tensor]:
        axes = (0, 2)[: x.ndim - 1]
        n = x.numel() // x.shape[1]
        if n == 1:
            raise ValueError("x has one number per feature: training needs more than one")
        mean, var = x.mean(axes), x.var(axes, correction=0)
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var * n / (n - 1), self.momentum)
            self.num_batches_tracked += 1
        return mean, var
