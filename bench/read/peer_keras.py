"""The tutorial's way to read one digit with Keras; prints the median milliseconds of one prediction."""

import statistics
import sys
import time

import numpy as np
from PIL import Image
from tensorflow import keras

model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        keras.layers.Conv2D(32, 5, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(64, 5, padding="same", activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dense(1024, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)


def predict(path: str) -> int:
    image = Image.open(path).convert("L").resize((28, 28))
    x = np.asarray(image, np.float32).reshape(1, 28, 28, 1) / 255
    return int(model.predict(x, verbose=0).argmax())


times = []
for path in sys.argv[1:]:
    began = time.perf_counter()
    predict(path)
    times.append(time.perf_counter() - began)
print(1000 * statistics.median(times))
