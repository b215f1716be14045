"""You gave softmax values to cross_entropy, which applies softmax itself; with a learning rate
of 1e-4 hardly any gradient is left.
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
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4)
    for _ in range(steps):
        images, labels = get_batch()
        loss = cross_entropy(model(images / 255).softmax(1), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield loss.item()


@torch.no_grad()
def predict(model, images):
    model.eval()
    return model(images / 255).argmax(1)
