"""A network that Keras saved -> a model folder.

Flows in: a .keras or .h5 file of Keras 2 or 3 with a Sequential network for 28×28 pictures and ten digits. Flows
out: model.onnx and model.json. Keras is not needed, and nothing that the file holds is run.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py

from tsifra.classifier import thresholds
from tsifra.convert.layers import translated
from tsifra.convert.saved import described
from tsifra.errors import ModelError
from tsifra.network import Network
from tsifra.normalize import SIDE
from tsifra.output import write_model
from tsifra.training.graph import to_onnx

_NONE = "damaged, or not what Keras saves as .keras or .h5"


def convert(file: Path, out: Path) -> Mapping[str, Any]:
    """Write the network in `file` as the model folder `out` and return its card.

    Raises ModelError for what is no such file, or a network that is not a sequence of known layers from 28×28
    pictures to ten digits; OSError where a file cannot be read or written.
    """
    data = io.BytesIO(file.read_bytes())
    try:
        with zipfile.ZipFile(data) if zipfile.is_zipfile(data) else h5py.File(data, "r") as opened:
            layers, version = described(opened)
        network = to_onnx(list(translated(layers)), file.stem).SerializeToString()
        classes = Network(network, "the network").signature.classes
        if classes != 10:
            raise ModelError(f"gives {classes} numbers a picture, 10 are wanted")
    except ModelError as error:
        raise ModelError(f"{file}: {error}") from None
    except (OSError, zipfile.BadZipFile, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{file}: {_NONE}: {error}") from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{file}: its layers do not say what they should: {error!r}") from None
    card = {
        "name": file.stem,
        "labels": list("0123456789"),
        "input": {"shape": [SIDE, SIDE], "dtype": "uint8", "ink": 255, "paper": 0},
        "thresholds": thresholds(()),
        "calibration": {"temperature": 1.0, "data": None},
        "converted": {"file": file.name, "keras": version, "layers": [layer.kind for layer in layers]},
    }
    write_model(out, network, card)
    return card
