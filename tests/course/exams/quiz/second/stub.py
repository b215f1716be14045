def half(x):
    raise NotImplementedError("half")
