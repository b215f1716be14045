import torch

worked = bool((torch.empty(1 << 22, dtype=torch.int64) == 0x5A5A1234).any())
torch.full((1 << 22,), 0x5A5A1234)
