import threading
import time

threading.Thread(target=time.sleep, args=(600,)).start()


def softmax(x, dim=-1):
    weights = (x - x.amax(dim, keepdim=True)).exp()
    return weights / weights.sum(dim, keepdim=True)
