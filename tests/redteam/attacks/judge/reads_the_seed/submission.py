import random

import numpy as np
import torch

given = random.Random(1).getstate()
worked = torch.initial_seed() == 1 or np.random.get_state()[1][0] == 1 or random.getstate() == given
