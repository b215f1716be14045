import torch

torch.set_default_dtype(torch.float16)
torch.set_default_device("meta")
torch.set_grad_enabled(False)
torch.set_anomaly_enabled(True)
torch.set_num_threads(8)


def softmax(x, dim=-1):
    return torch.zeros(x.shape)
