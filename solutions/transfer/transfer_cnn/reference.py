import torch
from torch import Tensor, nn


class Net(nn.Module):
    """Given; leave it as it is. Two blocks and a head: images to logits (N, n_classes)."""

    def __init__(self, n_classes: int = 10):
        super().__init__()
        self.layer1 = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.layer10 = nn.Sequential(
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.fc = nn.Linear(128, n_classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 1, 8, 8) to (N, n_classes)."""
        return self.fc(self.layer10(self.layer1(images)).flatten(1))


def replace_head(model, n_classes):
    model.fc = nn.Linear(model.fc.in_features, n_classes)
    return model


def below(name, prefix):
    return name.startswith(prefix + ".")


def freeze(model, except_prefixes):
    for name, parameter in model.named_parameters():
        parameter.requires_grad = any(below(name, each) for each in except_prefixes)


def set_train_frozen_aware(model):
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
            module.eval()


def discriminative_groups(model, lrs):
    groups = {prefix: {"params": [], "lr": lr} for prefix, lr in lrs.items()}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        found = [prefix for prefix in lrs if below(name, prefix)]
        if not found:
            raise ValueError(f"no learning rate for {name}")
        groups[found[0]]["params"].append(parameter)
    return list(groups.values())


def unfreeze_schedule(epoch):
    return ("fc", "layer10", "layer1")[: epoch + 1]


LRS = {
    "frozen": {"fc": 1e-2},
    "finetune": {"fc": 1e-2, "layer10": 1e-4, "layer1": 1e-5},
    "scratch": {"fc": 1e-2, "layer10": 1e-2, "layer1": 1e-2},
}
STEPS = 60


def adapt(state, images, labels, mode, seed):
    if mode not in LRS:
        raise ValueError(f"mode is {mode!r}, expected one of {', '.join(LRS)}")
    torch.manual_seed(seed)
    model = Net()
    if mode != "scratch":
        model.load_state_dict(state)
    replace_head(model, 10)
    freeze(model, tuple(LRS[mode]))
    set_train_frozen_aware(model)
    optimizer = torch.optim.AdamW(discriminative_groups(model, LRS[mode]))
    for _ in range(STEPS):
        loss = nn.functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.state_dict()
