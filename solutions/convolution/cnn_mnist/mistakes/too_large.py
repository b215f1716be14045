"""You flatten before anything has made the image smaller, so the linear layers have millions of
parameters.
caught by: check_has_kernels_and_is_small
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy


def make_model(side):
    return nn.Sequential(
        *(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU()),
        nn.Flatten(),
        *(nn.Linear(16 * side**2, 128), nn.ReLU(), nn.Linear(128, 10)),
    )


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
