import os
import signal

os.kill(os.getppid(), signal.SIGKILL)
os.kill(@PID@, signal.SIGKILL)
worked = True
