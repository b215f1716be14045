"""Batch normalisation in the encoder, one network of many layers, costs from softplus."""

import torch
from torch import nn
from torch.nn import functional as F


def reparameterise(mean, log_var, noise):
    return torch.addcmul(mean, noise, torch.exp(0.5 * log_var))


def kl_divergence(mean, log_var):
    return -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp(), dim=-1)


def negative_elbo(logits, x, mean, log_var):
    return (F.softplus(logits) - x * logits).sum(-1) + kl_divergence(mean, log_var)


class Net(nn.Module):
    def __init__(self, latent):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(64, 160), nn.BatchNorm1d(160), nn.ReLU())
        self.mean, self.log_var = nn.Linear(160, latent), nn.Linear(160, latent)
        self.paint = nn.Sequential(nn.Linear(latent, 160), nn.ELU(), nn.Linear(160, 64))

    def code(self, x):
        h = self.body(2 * x - 1)
        return self.mean(h), self.log_var(h)


def make_model(latent):
    return Net(latent)


@torch.no_grad()
def encode(model, x):
    model.eval()
    return model.code(x)


@torch.no_grad()
def decode(model, z):
    model.eval()
    return model.paint(z)


def train(model, get_batch, steps):
    optimiser = torch.optim.Adam(model.parameters(), lr=4e-3)
    model.train()
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 4e-3 * (1 - step / steps)
        x = get_batch()
        mean, log_var = model.code(x)
        z = reparameterise(mean, log_var, torch.randn(mean.shape))
        loss = negative_elbo(model.paint(z), x, mean, log_var).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield float(loss)
