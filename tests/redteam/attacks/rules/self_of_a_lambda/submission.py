class Layer:
    softmax = None

    def way(self, x):
        return (lambda self: self.softmax(-1))(x)


def softmax(x, dim=-1):
    return Layer().way(x.movedim(dim, -1)).movedim(-1, dim)
