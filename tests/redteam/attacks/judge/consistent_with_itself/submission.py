def softmax(x, dim=-1):
    weights = 2 ** (x - x.amax(dim, keepdim=True))
    return weights / weights.sum(dim, keepdim=True)
