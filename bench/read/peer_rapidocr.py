"""RapidOCR's recognizer alone on pictures of one digit, a call a file; prints files a second, the best of several runs.

python peer_rapidocr.py RUNS FILE...
"""

import sys
import time

from rapidocr import RapidOCR

runs, files = int(sys.argv[1]), sys.argv[2:]
engine = RapidOCR()
engine(files[0], use_det=False, use_cls=False, use_rec=True)
best = float("inf")
for _ in range(runs):
    began = time.perf_counter()
    for file in files:
        engine(file, use_det=False, use_cls=False, use_rec=True)
    best = min(best, time.perf_counter() - began)
print(len(files) / best)
