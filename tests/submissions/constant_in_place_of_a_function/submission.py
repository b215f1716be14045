softmax = 0.5
