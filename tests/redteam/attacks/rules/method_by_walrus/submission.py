def softmax(x, dim=-1):
    f"{(way := x.softmax)}"
    return way(dim)
