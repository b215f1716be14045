"""A small generative adversarial network: one network draws digits, the other one judges them."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LinearLR

PIXELS, WIDTH = 64, 128


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    return softplus(-real_logits).mean() + softplus(fake_logits).mean()


def generator_loss(fake_logits: Tensor) -> Tensor:
    return softplus(-fake_logits).mean()


def make_generator(latent: int) -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(latent, WIDTH), nn.ReLU()),
        *(nn.Linear(WIDTH, WIDTH), nn.ReLU()),
        *(nn.Linear(WIDTH, PIXELS), nn.Sigmoid()),
    )


def make_discriminator() -> nn.Module:
    return nn.Sequential(
        *(nn.Linear(PIXELS, WIDTH), nn.LeakyReLU(0.2)),
        *(nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(0.2)),
        nn.Linear(WIDTH, 1),
    )


def make_optimizers(generator: nn.Module, discriminator: nn.Module) -> tuple[Optimizer, Optimizer]:
    """No momentum: the direction that was right yesterday is the opponent's lesson today."""
    options = {"lr": 8e-3, "betas": (0.0, 0.99)}
    return Adam(generator.parameters(), **options), Adam(discriminator.parameters(), **options)


def generate(generator: nn.Module, z: Tensor) -> Tensor:
    return generator(z)


def discriminate(discriminator: nn.Module, images: Tensor) -> Tensor:
    return discriminator(images).squeeze(1)


def discriminator_step(
    generator: nn.Module,
    discriminator: nn.Module,
    optimizer: Optimizer,
    real: Tensor,
    z: Tensor,
) -> float:
    fake = generate(generator, z).detach()
    real_logits, fake_logits = (discriminate(discriminator, images) for images in (real, fake))
    return descend(discriminator_loss(real_logits, fake_logits), optimizer)


def generator_step(
    generator: nn.Module, discriminator: nn.Module, optimizer: Optimizer, z: Tensor
) -> float:
    fake = generate(generator, z)
    return descend(generator_loss(discriminate(discriminator, fake)), optimizer)


def descend(loss: Tensor, optimizer: Optimizer) -> float:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def train(
    generator: nn.Module,
    discriminator: nn.Module,
    get_batch: Callable[[], Tensor],
    latent: int,
    steps: int,
) -> Iterator[tuple[float, float]]:
    """Both rates fall to a tenth."""
    optimizers = make_optimizers(generator, discriminator)
    schedules = [LinearLR(each, 1.0, 0.1, total_iters=steps) for each in optimizers]
    for _ in range(steps):
        real = get_batch()
        first, second = torch.randn(2, len(real), latent)
        losses = (
            discriminator_step(generator, discriminator, optimizers[1], real, first),
            generator_step(generator, discriminator, optimizers[0], second),
        )
        for schedule in schedules:
            schedule.step()
        yield losses
