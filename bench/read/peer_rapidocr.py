"""RapidOCR's recognizer alone on pictures of one digit; prints files a second."""

import sys
import time

from rapidocr import RapidOCR

engine = RapidOCR()
engine(sys.argv[1], use_det=False, use_cls=False, use_rec=True)
began = time.perf_counter()
for path in sys.argv[1:]:
    engine(path, use_det=False, use_cls=False, use_rec=True)
print(len(sys.argv[1:]) / (time.perf_counter() - began))
