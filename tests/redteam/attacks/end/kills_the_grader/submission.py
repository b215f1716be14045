import os
import signal

try:
    os.kill(@PID@, signal.SIGKILL)
finally:  # the parent last, whose end is ours
    os.kill(os.getppid(), signal.SIGKILL)
worked = True
