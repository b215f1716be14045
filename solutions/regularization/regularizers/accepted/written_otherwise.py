"""bernoulli and where, clones instead of deepcopy, signs instead of modes, one loop for groups."""

import torch


def mask(x, p, generator):
    if p < 0 or p >= 1:
        raise ValueError(f"p = {p} is not in [0, 1)")
    return torch.bernoulli(torch.full(x.shape, 1.0 - p), generator=generator).bool()


def inverted_dropout(x, p, training, generator=None):
    keep = mask(x, p, generator)
    if not training:
        return x
    return torch.where(keep, x * (1 / (1 - p)), torch.zeros_like(x))


def classic_dropout(x, p, training, generator=None):
    keep = mask(x, p, generator)
    return x.masked_fill(~keep, 0) if training else x - p * x


class EarlyStopping:
    def __init__(self, patience, min_delta=0.0, mode="min"):
        for name, fine in (
            ("patience", patience >= 1),
            ("min_delta", min_delta >= 0),
            ("mode", mode in {"min", "max"}),
        ):
            if not fine:
                raise ValueError(f"illegal {name}")
        self.patience, self.min_delta = patience, min_delta
        self.sign = 1 if mode == "min" else -1
        self.best = self.sign * float("inf")
        self.best_state = self.best_step = None
        self.left, self.seen = patience, -1

    def update(self, value, state):
        self.seen += 1
        self.left -= 1
        if self.sign * value + self.min_delta < self.sign * self.best:
            self.best, self.best_step, self.left = value, self.seen, self.patience
            self.best_state = {name: each.detach().clone() for name, each in state.items()}
        return self.left <= 0


def fit(w, updates, values, stopper):
    for i, value in enumerate(values):
        w.add_(updates[i])
        stop = stopper.update(value, {"w": w})
        if stop:
            break
    w[:] = stopper.best_state["w"]
    return i + 1


def decay_groups(named_params, wd):
    groups = [{"names": [], "params": [], "weight_decay": each} for each in (wd, 0.0)]
    for name, param in named_params:
        parts = name.split(".")
        embedding = any(p[-3:] == "emb" or p[-9:] == "embedding" for p in parts)
        group = groups[param.dim() < 2 or embedding]
        group["names"].append(name)
        group["params"].append(param)
    return groups


def l2_penalty(*weights, lam):
    return lam * torch.cat([each.flatten() for each in weights]).square().sum()
