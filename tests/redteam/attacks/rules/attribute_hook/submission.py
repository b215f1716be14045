import torch

ways = {name: each for name, each in torch.__dict__.items()}


def __getattr__(name):
    return ways[name]
