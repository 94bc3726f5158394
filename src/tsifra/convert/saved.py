"""What Keras saved: a .keras or .h5 file -> its layers as described, with their weights.

Flows in: an opened file. Flows out: Described values, in order. Takes the JSON and the arrays alone: Keras is not
needed, no code from the file is run and no other file is opened, whatever the file says.
"""

import io
import json
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from tsifra.errors import ModelError

_LARGEST = 1 << 29  # bytes of weights; the tutorial's network has 13 million
_NAMES = {"Conv2D": "conv2d", "Dense": "dense", "BatchNormalization": "batch_normalization"}  # inside a .keras file


@dataclass(frozen=True, slots=True)
class Described:
    """A layer as its file describes it, with its weights in Keras's order."""

    kind: str
    config: Mapping[str, Any]
    weights: tuple[NDArray[np.float32], ...]


def described(file: zipfile.ZipFile | h5py.File) -> tuple[list[Described], str]:
    """The layers of a Sequential network and the version of Keras that saved it."""
    return _of_zip(file) if isinstance(file, zipfile.ZipFile) else _of_h5(file)


def _of_zip(file: zipfile.ZipFile) -> tuple[list[Described], str]:
    """Layers of a .keras file: weights lie under the kind of their layer, numbered from the second."""
    config = json.loads(_member(file, "config.json"))
    version = str(json.loads(_member(file, "metadata.json"))["keras_version"])
    with h5py.File(io.BytesIO(_member(file, "model.weights.h5")), "r") as weights:
        groups = next((weights[name] for name in ("layers", "_layer_checkpoint_dependencies") if name in weights), None)
        seen: Counter[str] = Counter()
        found = []
        for kind, layer in _configs(config):
            values: list[NDArray[np.float32]] = []
            if kind in _NAMES and groups is not None:
                name = _NAMES[kind] + (f"_{seen[kind]}" if seen[kind] else "")
                values = [_array(groups, f"{name}/vars/{index}") for index in range(len(groups[name]["vars"]))]
            seen[kind] += 1
            found.append(Described(kind, layer, tuple(values)))
    return found, version


def _of_h5(file: h5py.File) -> tuple[list[Described], str]:
    """Layers of a .h5 file: weights lie under the name of their layer, which lists them in order."""
    if "model_config" not in file.attrs:
        raise ModelError("has weights and no network; save the whole model (model.save), not its weights")
    found = []
    for kind, layer in _configs(json.loads(file.attrs["model_config"])):
        group = file["model_weights"].get(layer["name"], {})
        names = [] if not group else group.attrs["weight_names"]
        paths = [name.decode() if isinstance(name, bytes) else str(name) for name in names]
        found.append(Described(kind, layer, tuple(_array(group, path) for path in paths)))
    return found, str(file.attrs.get("keras_version", "unknown"))


def _member(file: zipfile.ZipFile, name: str) -> bytes:
    if name not in file.namelist():
        raise ModelError(f"has no {name}; Keras saves one in a .keras file")
    size = file.getinfo(name).file_size
    if size > _LARGEST:
        raise ModelError(f"its {name} has {size} bytes, more than {_LARGEST} is not read")
    return file.read(name)


def _configs(config: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Kind and configuration of each layer; the first Keras 2 had no more than a list of them."""
    if config["class_name"] != "Sequential":
        raise ModelError(f"is a {config['class_name']} network; only Sequential ones can be converted")
    network = {"layers": config["config"]} if isinstance(config["config"], list) else config["config"]
    built = network.get("build_input_shape")  # where no layer says what it takes, since `fit` found out
    for layer in network["layers"]:
        yield str(layer["class_name"]), {"batch_shape": built, **layer["config"]}
        built = None


def _array(group: Any, path: str) -> NDArray[np.float32]:
    """A dataset that lies in its file; links and external storage would open others."""
    for part in path.strip("/").split("/"):
        if not isinstance(group.get(part, getlink=True), h5py.HardLink):
            raise ModelError(f"its weights {path} are missing or lie in another file")
        group = group[part]
    if not isinstance(group, h5py.Dataset) or group.external or group.is_virtual:
        raise ModelError(f"its weights {path} are missing or lie in another file")
    if group.size * group.dtype.itemsize > _LARGEST:
        raise ModelError(f"its weights {path} are larger than {_LARGEST} bytes")
    return np.asarray(group[()], np.float32)
