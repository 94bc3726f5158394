"""The Keras tutorial's training, images a second: python keras_fit.py COUNT ROUNDS."""

import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np
from keras import layers

count, rounds = map(int, sys.argv[1:])
net = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(64, 5, padding="same", activation="relu"),
        layers.MaxPooling2D(),
        layers.Flatten(),
        layers.Dense(1024, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]
)
net.compile(optimizer="adamax", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
random = np.random.default_rng(0)
images = random.random((count, 28, 28, 1), np.float32)  # speed does not depend on what they show
labels = random.integers(0, 10, count)
net.fit(images[:320], labels[:320], batch_size=32, verbose=0)
best = 0.0
for _ in range(rounds):
    began = time.perf_counter()
    net.fit(images, labels, batch_size=32, verbose=0)
    best = max(best, count / (time.perf_counter() - began))
print(best)
