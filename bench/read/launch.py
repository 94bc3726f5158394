"""Run a command several times; print the least seconds it took and its peak memory in kilobytes."""

import os
import subprocess
import sys
import time

best, peak = float("inf"), 0
for _ in range(int(sys.argv[1]) + 1):
    began = time.perf_counter()
    process = subprocess.Popen(sys.argv[2:], stdout=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    best, peak = min(best, time.perf_counter() - began), max(peak, usage.ru_maxrss)
print(best, peak)
