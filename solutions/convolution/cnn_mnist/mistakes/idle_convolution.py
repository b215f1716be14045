"""You built convolutions, but the answer comes from a linear layer that reads the raw pixels.
caught by: check_reads_through_its_kernels
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy


class Net(nn.Module):
    def __init__(self, side):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3, padding=1)
        self.head = nn.Sequential(nn.Linear(side**2, 128), nn.ReLU(), nn.Linear(128, 10))

    def forward(self, images):
        self.conv(images[:1])
        return self.head(images.flatten(1))


def make_model(side):
    return Net(side)


def train(model, get_batch, steps):
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(steps):
        images, labels = get_batch()
        loss = cross_entropy(model(images / 255), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield loss.item()


@torch.no_grad()
def predict(model, images):
    model.eval()
    return model(images / 255).argmax(1)
