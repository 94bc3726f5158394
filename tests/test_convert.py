"""Networks that Keras saved give the same answers here, and nothing in their files is run."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from conftest import CommandLine
from drawing import digit
from tsifra.classifier import Classifier
from tsifra.convert import convert
from tsifra.errors import ModelError

os.environ.setdefault("KERAS_BACKEND", "torch")
KERAS2 = Path(__file__).parent / "keras2"
IMAGES = np.random.default_rng(0).integers(0, 256, (1000, 28, 28), np.uint8)


@pytest.fixture(scope="module")
def keras() -> Any:
    return pytest.importorskip("keras")


def tutorial(layers: Any) -> list[Any]:
    return [
        layers.Input((28, 28, 1)),
        layers.Conv2D(32, 5, padding="same", activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Conv2D(64, 5, padding="same", activation="relu"),
        layers.MaxPooling2D((2, 2)),
        layers.Flatten(),
        layers.Dense(1024, activation="relu"),
        layers.Dense(10, activation="softmax"),
    ]


def of_every_kind(layers: Any) -> list[Any]:
    return [
        layers.Input((28, 28, 1)),
        layers.Rescaling(2.0, offset=-1.0),
        layers.ZeroPadding2D(((1, 0), (2, 1))),
        layers.Conv2D(4, (3, 5), dilation_rate=2, activation="tanh"),
        layers.BatchNormalization(scale=False),
        layers.AveragePooling2D(3, strides=2, padding="same"),
        layers.Conv2D(8, 4, strides=3, padding="same", groups=2, activation="elu"),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.GaussianNoise(0.1),
        layers.MaxPooling2D(2, padding="same"),
        layers.Reshape((-1, 4)),
        layers.Flatten(),
        layers.Dense(16, activation="selu", use_bias=False),
        layers.BatchNormalization(center=False),
        layers.Dropout(0.5),
        layers.Dense(10),
        layers.Softmax(),
    ]


def pooled(layers: Any) -> list[Any]:
    return [
        layers.Input((28, 28, 1)),
        layers.Rescaling(1 / 255),  # takes 0…255
        layers.Conv2D(10, 7, activation="leaky_relu"),
        layers.GlobalAveragePooling2D(),
        layers.Activation("softmax"),
    ]


def rows(layers: Any) -> list[Any]:
    return [layers.Input((784,)), layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")]


def rows_as_pictures(layers: Any) -> list[Any]:
    return [
        layers.Input((784,)),
        layers.Reshape((28, 28, 1)),
        layers.Conv2D(3, 3, strides=2, padding="same", activation="relu"),
        layers.Reshape((7, 7, 12)),
        layers.Conv2D(3, 3),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    ]


def flat(layers: Any) -> list[Any]:
    return [layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, activation="softmax")]


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
@pytest.mark.parametrize("network", [tutorial, of_every_kind, pooled, rows, rows_as_pictures, flat])
@pytest.mark.filterwarnings("ignore")
def test_answers_are_those_of_keras_3(
    keras: Any, network: Callable[[Any], list[Any]], suffix: str, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(0)
    net = keras.Sequential(network(keras.layers))
    for weight in net.weights:
        if len(weight.shape) == 1:  # no bias, mean or variance as it began
            weight.assign(np.asarray(weight) + np.random.default_rng(1).uniform(0, 0.1, weight.shape))
    net.save(tmp_path / f"seed{suffix}")
    convert(tmp_path / f"seed{suffix}", tmp_path / "seed")
    given = IMAGES.reshape(-1, *net.input_shape[1:]) / (1 if network is pooled else 255)
    theirs = np.asarray(net.predict(given.astype(np.float32), verbose=0))
    assert np.ptp(theirs, axis=0).max() > 1e-3, "answers that are all the same would show nothing"
    np.testing.assert_allclose(Classifier(tmp_path / "seed")(IMAGES, raw=True), theirs, atol=1e-4)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_answers_are_those_of_keras_2(suffix: str, tmp_path: Path) -> None:
    convert(KERAS2 / f"small{suffix}", tmp_path / "small")
    theirs = np.load(KERAS2 / "answers.npz")["probabilities"]
    np.testing.assert_allclose(Classifier(tmp_path / "small")(IMAGES, raw=True), theirs, atol=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_a_network_that_learned_its_shape_from_data_is_converted(keras: Any, tmp_path: Path) -> None:
    net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    theirs = np.asarray(keras.ops.softmax(net(IMAGES[:9] / 255.0)).detach())
    net.save(tmp_path / "late.keras")
    convert(tmp_path / "late.keras", tmp_path / "late")
    np.testing.assert_allclose(Classifier(tmp_path / "late")(IMAGES[:9], raw=True), theirs, atol=1e-4)


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (lambda layers: [layers.Input((32, 32, 3)), layers.Flatten(), layers.Dense(10)], r"\(32, 32, 3\).*\(28, 28, 1"),
        (lambda layers: [layers.Input((28, 28)), layers.Flatten(), layers.Dense(26)], "26 numbers a picture"),
        (lambda layers: [layers.Input((28, 28)), layers.LSTM(10)], "layer 2, LSTM 'lstm.*known are"),
        (lambda layers: [layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, "sigmoid")], "no probabilities"),
        (lambda layers: [layers.Input((28, 28)), layers.Flatten(), layers.Dense(10, "gelu")], "activation 'gelu'"),
    ],
    ids=["shape", "classes", "layer", "sigmoid", "activation"],
)
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_converted_is_named(
    keras: Any, network: Callable[[Any], list[Any]], complaint: str, tmp_path: Path
) -> None:
    path = tmp_path / "other.keras"
    keras.Sequential(network(keras.layers)).save(path)
    with pytest.raises(ModelError, match=complaint) as raised:
        convert(path, tmp_path / "out")
    assert str(path) in str(raised.value)
    assert not (tmp_path / "out").exists()


def rewritten(path: Path, config: dict[str, Any] | None = None, weights: bytes | None = None) -> Path:
    """A copy of Keras 2's file with another member."""
    with zipfile.ZipFile(KERAS2 / "small.keras") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "config.json" and config is not None:
                data = json.dumps(config).encode()
            if name == "model.weights.h5" and weights is not None:
                data = weights
            target.writestr(name, data)
    return path


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    harm = {"class_name": "Lambda", "config": {"name": "l", "function": "__import__('os').remove('x')"}}
    path = rewritten(tmp_path / "harm.keras", {"class_name": "Sequential", "config": {"layers": [harm]}})
    with pytest.raises(ModelError, match="Lambda"):
        convert(path, tmp_path / "out")


def test_weights_in_another_file_are_not_read(tmp_path: Path) -> None:
    import h5py

    secret = tmp_path / "secret.bin"
    np.ones((5, 5, 1, 4), np.float32).tofile(secret)
    for kind in ("external storage", "external link", "soft link"):
        with zipfile.ZipFile(KERAS2 / "small.keras") as source:
            buffer = io.BytesIO(source.read("model.weights.h5"))
        with h5py.File(buffer, "r+") as file:
            variables = file["layers/conv2d/vars"]
            del variables["0"]
            if kind == "external storage":
                variables.create_dataset("0", (5, 5, 1, 4), "f4", external=[(str(secret), 0, 400)])
            else:
                variables["0"] = h5py.ExternalLink("x.h5", "/x") if kind == "external link" else h5py.SoftLink("/x")
        path = rewritten(tmp_path / "linked.keras", weights=buffer.getvalue())
        with pytest.raises(ModelError, match="another file"):
            convert(path, tmp_path / "out")


def test_damaged_files_are_named(tmp_path: Path) -> None:
    for suffix in (".keras", ".h5"):
        whole = (KERAS2 / f"small{suffix}").read_bytes()
        for number, data in enumerate((b"", b"no network", whole[: len(whole) // 2], whole[200:])):
            path = tmp_path / f"damaged{number}{suffix}"
            path.write_bytes(data)
            with pytest.raises(ModelError, match=f"damaged{number}{suffix}"):
                convert(path, tmp_path / "out")
    for config in ({}, {"class_name": "Functional", "config": {}}, {"class_name": "Sequential", "config": {}}):
        with pytest.raises(ModelError, match=r"odd\.keras"):
            convert(rewritten(tmp_path / "odd.keras", config), tmp_path / "out")


def test_the_command_makes_a_model_that_the_others_take(tsifra: CommandLine, tmp_path: Path) -> None:
    out = tmp_path / "small"
    ran = tsifra("convert", KERAS2 / "small.keras", "--out", out)
    assert (ran.code, ran.out) == (0, "")
    assert "Conv2D, MaxPooling2D" in ran.err
    Image.fromarray(digit("4")).save(tmp_path / "4.png")
    assert tsifra("read", "--one", "--model", out, tmp_path / "4.png").code == 0
    assert '"file": "small.keras"' in tsifra("info", "--model", out).out
    wrong = tsifra("convert", KERAS2 / "make.py", "--out", out)
    assert wrong.code == 2
    assert "make.py: damaged, or not what Keras saves" in wrong.err
