import os
import sys

import torch

from grader import wire

worked = False
for path in (wire.__file__, torch.__file__, sys.executable, "/usr/bin/env", "/box/new", "/new"):
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        worked = True
    except OSError:
        pass
assert worked
