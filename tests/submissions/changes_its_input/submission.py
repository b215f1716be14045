def softmax(x, dim=-1):
    x -= x.detach().amax(dim, keepdim=True)
    weights = x.exp()
    return weights / weights.sum(dim, keepdim=True)
