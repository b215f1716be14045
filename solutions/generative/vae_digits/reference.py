"""A variational autoencoder of small digits."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

PIXELS, WIDTH = 64, 128


def reparameterise(mean: Tensor, log_var: Tensor, noise: Tensor) -> Tensor:
    return mean + (log_var / 2).exp() * noise


def kl_divergence(mean: Tensor, log_var: Tensor) -> Tensor:
    return (mean**2 + log_var.exp() - 1 - log_var).sum(1) / 2


def negative_elbo(logits: Tensor, x: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    pixels = binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    return pixels + kl_divergence(mean, log_var)


class Autoencoder(nn.Module):
    """The encoder gives mean and log_var side by side."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.encoder = mlp(PIXELS, 2 * latent)
        self.decoder = mlp(latent, PIXELS)


def mlp(inputs: int, outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(inputs, WIDTH), nn.ReLU(), nn.Linear(WIDTH, outputs))


def make_model(latent: int) -> nn.Module:
    return Autoencoder(latent)


def encode(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    mean, log_var = model.encoder(x).chunk(2, 1)
    return mean, log_var


def decode(model: nn.Module, z: Tensor) -> Tensor:
    return model.decoder(z)


def train(model: nn.Module, get_batch: Callable[[], Tensor], steps: int) -> Iterator[float]:
    """AdamW; the rate rises and falls once."""
    optimiser = torch.optim.AdamW(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=steps)
    for _ in range(steps):
        x = get_batch()
        mean, log_var = encode(model, x)
        z = reparameterise(mean, log_var, torch.randn_like(mean))
        loss = negative_elbo(decode(model, z), x, mean, log_var).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        yield loss.item()
