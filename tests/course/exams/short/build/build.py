def double(x):
    raise NotImplementedError("not written yet")
