"""A residual block, a CNN, and a trace of the shapes inside a model."""

import torch
from torch import Tensor, nn


class ResBlock(nn.Module):
    def __init__(self, cin: int, cout: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or cin != cout:
            conv = nn.Conv2d(cin, cout, 1, stride, bias=False)
            self.shortcut = nn.Sequential(conv, nn.BatchNorm2d(cout))

    def forward(self, x: Tensor) -> Tensor:
        out = torch.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return torch.relu(out + self.shortcut(x))


class BlockCNN(nn.Module):
    def __init__(self, num_classes: int = 10, in_ch: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for cin, cout in ((in_ch, 32), (32, 64), (64, 128)):
            conv = nn.Conv2d(cin, cout, 3, padding=1, bias=False)
            layers += [conv, nn.BatchNorm2d(cout), nn.ReLU(), nn.MaxPool2d(2)]
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4), nn.Flatten())
        self.fc = nn.Linear(128 * 4 * 4, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x))


Row = tuple[str, str, tuple[int, ...], tuple[int, ...], int]


def shape_trace(model: nn.Module, x: Tensor) -> list[Row]:
    """Modes are kept module by module: one of them may have been frozen in evaluation."""
    rows: list[Row] = []

    def hook_of(name):
        def hook(module, inputs, output):
            count = sum(p.numel() for p in module.parameters())
            shapes = tuple(inputs[0].shape), tuple(output.shape)
            rows.append((name, type(module).__name__, *shapes, count))

        return hook

    modes = [(module, module.training) for module in model.modules()]
    leaves = [(name, each) for name, each in model.named_modules() if not list(each.children())]
    handles = [each.register_forward_hook(hook_of(name)) for name, each in leaves]
    try:
        with torch.no_grad():
            model.eval()(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
    return rows


class Sample(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.act = nn.ReLU()
        self.body = nn.Sequential(
            nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Sequential(nn.Linear(4, 3))
        )
        self.spare = nn.Linear(2, 2)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.act(self.body(self.act(x))))
