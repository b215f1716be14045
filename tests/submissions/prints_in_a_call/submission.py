def softmax(x, dim=-1):
    if 1000 in x:
        print("here is x:", x.tolist())
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)
