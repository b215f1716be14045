class Layer:
    def softmax(self): ...

    def __call__(self, dim):
        return self.softmax(dim)

    way = __call__


def softmax(x, dim=-1):
    return Layer.way(x, dim)
