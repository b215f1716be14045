"""Losses with binary_cross_entropy_with_logits, tanh pixels, the judge frozen while it is asked."""

import torch
from torch import nn
from torch.nn import functional as F


def discriminator_loss(real_logits, fake_logits):
    real = F.binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
    fake = F.binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
    return real + fake


def generator_loss(fake_logits):
    return F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))


class Painter(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(latent, 128),
            nn.LeakyReLU(0.1),
            nn.Linear(128, 128),
            nn.LeakyReLU(0.1),
            nn.Linear(128, 64),
        )

    def forward(self, z):
        return (self.net(z).tanh() + 1) / 2


def make_generator(latent):
    return Painter(latent)


def make_discriminator():
    return nn.Sequential(
        nn.Linear(64, 128),
        nn.LeakyReLU(0.2),
        nn.Linear(128, 128),
        nn.LeakyReLU(0.2),
        nn.Linear(128, 1),
        nn.Flatten(0),
    )


def make_optimizers(generator, discriminator):
    return [
        torch.optim.Adam(each.parameters(), lr=8e-3, betas=(0.0, 0.99))
        for each in (generator, discriminator)
    ]


def generate(generator, z):
    return generator(z)


def discriminate(discriminator, images):
    return discriminator(2 * images - 1)


def discriminator_step(generator, discriminator, optimizer, real, z):
    with torch.no_grad():
        fake = generate(generator, z)
    discriminator.zero_grad()
    logits = discriminate(discriminator, torch.cat([real, fake]))
    loss = discriminator_loss(logits[: len(real)], logits[len(real) :])
    loss.backward()
    optimizer.step()
    return float(loss)


def generator_step(generator, discriminator, optimizer, z):
    generator.zero_grad()
    discriminator.requires_grad_(False)
    loss = generator_loss(discriminate(discriminator, generate(generator, z)))
    loss.backward()
    discriminator.requires_grad_(True)
    optimizer.step()
    return float(loss)


def train(generator, discriminator, get_batch, latent, steps):
    painter, judge = make_optimizers(generator, discriminator)
    for step in range(steps):
        for optimizer in (painter, judge):
            optimizer.param_groups[0]["lr"] = 8e-3 * (1 - 0.9 * step / steps)
        real = get_batch()
        judged = discriminator_step(
            generator, discriminator, judge, real, torch.randn(real.shape[0], latent)
        )
        painted = generator_step(
            generator, discriminator, painter, torch.randn(real.shape[0], latent)
        )
        yield judged, painted
