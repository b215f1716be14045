"""You trained on the labels plus one, so every class is named one too high.
caught by: check_reads_new_digits
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy


def make_model(side):
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 5, stride=2, padding=2), nn.ReLU()),
        *(nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU()),
        nn.Flatten(),
        nn.Linear(16 * (side // 4) ** 2, 10),
    )


def train(model, get_batch, steps):
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(steps):
        images, labels = get_batch()
        labels = (labels + 1) % 10
        loss = cross_entropy(model(images / 255), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield loss.item()


@torch.no_grad()
def predict(model, images):
    model.eval()
    return model(images / 255).argmax(1)
