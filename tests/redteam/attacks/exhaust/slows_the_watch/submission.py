import os

parent = os.getppid()
os.sched_setscheduler(parent, os.SCHED_BATCH, os.sched_param(0))
worked = os.sched_getscheduler(parent) == os.SCHED_BATCH
os.sched_setscheduler(parent, os.SCHED_OTHER, os.sched_param(0))
assert worked
