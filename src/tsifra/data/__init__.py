"""Labelled digits: MNIST from its published files, and the caller's own. Reading needs none of this."""

from tsifra.data.mnist import Mnist, load_mnist

__all__ = ["Mnist", "load_mnist"]
