import subprocess
import sys

done = subprocess.run([sys.executable, "-S", "-c", "print(open('@SECRET@').read())"],
                      capture_output=True, env={"LD_PRELOAD": "libm.so.6"})
worked = b"keepdim" in done.stdout
assert worked
