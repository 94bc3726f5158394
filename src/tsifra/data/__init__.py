"""Labelled digits: MNIST from its published files, and the caller's own. Reading needs none of this.

>>> from tsifra.data import load_mnist
>>> load_mnist().train_images.shape  # doctest: +SKIP
(60000, 28, 28)
"""

from tsifra.data.folders import Labelled, labelled_folder, read_csv, read_pairs
from tsifra.data.mnist import Mnist, load_mnist, read_idx

__all__ = ["Labelled", "Mnist", "labelled_folder", "load_mnist", "read_csv", "read_idx", "read_pairs"]
