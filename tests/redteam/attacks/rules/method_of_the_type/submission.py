def softmax(x, dim=-1):
    return [way(x, dim) for way in (type(x).softmax,)][0]
