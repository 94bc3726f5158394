"""How small.keras, small.h5 and answers.npz were made, with tf_keras 2.21 (Keras 2)."""

import numpy as np
import tf_keras as keras
from tf_keras import layers

keras.utils.set_random_seed(0)
net = keras.Sequential(
    [
        layers.Conv2D(4, 5, padding="same", activation="relu", name="first", input_shape=(28, 28, 1)),
        layers.MaxPooling2D(),
        layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.Flatten(),
        layers.Dropout(0.2),
        layers.Dense(12),
        layers.LeakyReLU(),
        layers.Dense(10, activation="softmax"),
    ]
)
net.compile("adamax", "sparse_categorical_crossentropy")
images = np.random.default_rng(0).integers(0, 256, (1000, 28, 28), np.uint8)
net.fit(images[..., None] / 255, np.arange(1000) % 10, epochs=2, verbose=0)
bare = keras.models.clone_model(net)  # without the optimizer, which is most of a file
bare.set_weights(net.get_weights())
bare.save("small.keras")
bare.save("small.h5")
np.savez_compressed("answers.npz", probabilities=net.predict(images[..., None] / 255, verbose=0))
