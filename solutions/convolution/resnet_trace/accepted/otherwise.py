"""Functions in place of modules, an empty Sequential as shortcut, one context for the hooks."""

import torch
import torch.nn.functional as F
from torch import nn


class ResBlock(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, kernel_size=3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(cout, cout, kernel_size=3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(cout), nn.BatchNorm2d(cout)
        self.shortcut = nn.Sequential()
        if (stride, cin) != (1, cout):
            self.shortcut.append(nn.Conv2d(cin, cout, 1, stride=stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(cout))

    def forward(self, x):
        branch = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)), inplace=True)))
        branch += self.shortcut(x)
        return F.relu(branch, inplace=True)


def block(cin, cout):
    return (
        nn.Conv2d(cin, cout, 3, padding="same", bias=False),
        nn.BatchNorm2d(cout),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2, 2),
    )


class BlockCNN(nn.Module):
    def __init__(self, num_classes=10, in_ch=3):
        super().__init__()
        self.features = nn.Sequential(
            *block(in_ch, 32),
            *block(32, 64),
            *block(64, 128),
            nn.AdaptiveAvgPool2d((4, 4)),
            nn.Flatten(1),
        )
        self.fc = nn.Linear(2048, num_classes)

    def forward(self, x):
        return self.fc(self.features(x))


class Trace:
    def __init__(self, model):
        self.model, self.rows = model, []

    def __enter__(self):
        self.modes = {module: module.training for module in self.model.modules()}
        self.names = {module: name for name, module in self.model.named_modules()}
        leaves = [module for module in self.modes if len(list(module.children())) == 0]
        self.handles = [leaf.register_forward_hook(self.note) for leaf in leaves]
        self.model.eval()
        return self

    def note(self, module, args, out):
        size = sum(p.numel() for p in module.parameters())
        kind = type(module).__name__
        self.rows.append([self.names[module], kind, list(args[0].shape), list(out.shape), size])

    def __exit__(self, *error):
        for handle in self.handles:
            handle.remove()
        for module, mode in self.modes.items():
            module.training = mode


@torch.no_grad()
def shape_trace(model, x):
    with Trace(model) as trace:
        model(x)
    return trace.rows


class Sample(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.ReLU()
        self.body = nn.Sequential(
            nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Sequential(nn.Linear(4, 3))
        )
        self.spare = nn.Linear(2, 2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.drop(self.act(self.body(self.act(x))))
