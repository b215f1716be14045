"""The network of the run, and how to look at it."""

import io

import torch
from torch import Tensor, nn


def build() -> nn.Module:
    """The network with fresh weights: (N, 64) float32 to logits (N, 10)."""
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def load(content: Tensor) -> nn.Module:
    """The network with the weights of a checkpoint, ready to evaluate.

    Args: content, the bytes of checkpoint.pt as a uint8 tensor.
    """
    model = build()
    file = io.BytesIO(content.numpy().tobytes())
    model.load_state_dict(torch.load(file, weights_only=True))
    return model.eval()


def shape_trace(model: nn.Module, x: Tensor) -> list[str]:
    """One line for each layer that has no layers inside, in the order in which they are called:

    `1 Linear: 5x64 -> 5x32`
    """
    lines: list[str] = []

    def note(name: str, layer: nn.Module, given: Tensor, out: Tensor) -> None:
        sizes = ["x".join(map(str, each.shape)) for each in (given, out)]
        lines.append(f"{name} {type(layer).__name__}: {sizes[0]} -> {sizes[1]}")

    hooks = [
        layer.register_forward_hook(
            lambda layer, given, out, name=name: note(name, layer, given[0], out)
        )
        for name, layer in model.named_modules()
        if not list(layer.children())
    ]
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    return lines
