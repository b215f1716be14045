"""You left the pixels at 0..255 with a learning rate of 0.1: the first steps throw the weights
so far that the network never comes back.
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
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for _ in range(steps):
        images, labels = get_batch()
        loss = cross_entropy(model(images.float()), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        yield loss.item()


@torch.no_grad()
def predict(model, images):
    model.eval()
    return model(images.float()).argmax(1)
