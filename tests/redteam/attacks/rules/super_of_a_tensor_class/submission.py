import torch


class Layer(torch.Tensor):
    def way(self, dim):
        return super().softmax(dim)


def softmax(x, dim=-1):
    return x.as_subclass(Layer).way(dim).as_subclass(torch.Tensor)
