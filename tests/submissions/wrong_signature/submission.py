def softmax(x):
    weights = (x - x.amax()).exp()
    return weights / weights.sum()
