def softmax(x, dim=-1):
    return [()] * 20_000
