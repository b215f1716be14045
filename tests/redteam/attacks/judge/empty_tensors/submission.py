def softmax(x, dim=-1):
    return x.new_zeros((0, *x.shape))
