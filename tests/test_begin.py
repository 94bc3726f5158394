"""Networks that go on learning from a model."""

import copy
import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tiny import IMAGES, LABELS, RECIPE
from tsifra.errors import ModelError
from tsifra.network import Network
from tsifra.reading import NONE
from tsifra.training.augment import Augment
from tsifra.training.begin import begin
from tsifra.training.export import save_model
from tsifra.training.loop import Training
from tsifra.training.net import NETS, Merged
from tsifra.training.recipes import RECIPES, Recipe
from tsifra.training.run import card

PLAIN = dataclasses.replace(RECIPE, average=0.0)
SOME = torch.tensor(IMAGES[:50])[:, None].float() / 255

pytestmark = pytest.mark.usefixtures("one_thread")


def learned(recipe: Recipe, epochs: int) -> nn.Sequential:
    training = Training(recipe, IMAGES, LABELS)
    for _ in range(epochs):
        training.epoch()
    return training.network


def saved(net: nn.Sequential, folder: Path) -> Path:
    save_model(net, folder, card(RECIPE, 0, net, "before"))
    return folder / "model.onnx"


@pytest.mark.parametrize("name", NETS)
def test_a_network_begins_as_a_model_answers(name: str, tmp_path: Path) -> None:
    model = saved(learned(dataclasses.replace(PLAIN, net=name), 1), tmp_path)
    net = NETS[name](14)
    begin(net, model, SOME, 10)
    with torch.inference_mode():
        said = nn.Sequential(*net, Merged((*range(9), *[9] * 5))).eval()(SOME).softmax(1)
    assert said.numpy() == pytest.approx(Network(model.read_bytes(), name)(IMAGES[:50]), abs=1e-5)
    with pytest.raises(ModelError, match="other layers"):
        begin(NETS["quick" if name == "small" else "small"](), model, SOME, 10)
    with pytest.raises(ModelError, match="10 outputs"):
        begin(NETS[name](14), model, SOME, 11)


def test_no_digit_is_as_likely_again_as_among_what_was_learned(tmp_path: Path) -> None:
    recipe = RECIPES["shipped"]
    net = NETS["quick"](recipe.learned)
    expecting = copy.deepcopy(net)
    with torch.no_grad():
        [*expecting.parameters()][-1][NONE:] += math.log(0.25)
    model = saved(nn.Sequential(*expecting, Merged(recipe.outputs)), tmp_path)
    again = NETS["quick"](recipe.learned)
    begin(again, model, SOME, recipe.classes, odds=0.25)
    with torch.inference_mode():
        said, before = (each.eval()(SOME).softmax(1) for each in (again, net))
    assert said.numpy() == pytest.approx(before.numpy(), abs=1e-5)


def test_it_loses_at_first_what_its_model_loses_on_bent_pictures(tmp_path: Path) -> None:
    recipe = dataclasses.replace(PLAIN, epochs=8, batch=100, smoothing=0.0, augment=Augment(pen=1.0))
    before = learned(recipe, 8)
    further = Training(dataclasses.replace(recipe, rate=0.0), IMAGES, LABELS)
    further.begin(saved(before, tmp_path))
    lost = sum(further.epoch().loss for _ in range(4)) / 4
    bent = Augment(pen=1.0)(torch.tensor(IMAGES).repeat(4, 1, 1)[:, None] / 255, torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = F.cross_entropy(before(bent), torch.tensor(LABELS).repeat(4).long())
    assert lost == pytest.approx(expected.item(), rel=0.1)


def test_it_answers_as_its_model_where_what_is_known_is_spared(tmp_path: Path) -> None:
    """What is shown then, here pictures of other tones, has other means than what is known."""
    recipe = dataclasses.replace(PLAIN, spared=1.0, rate=0.0)
    before = learned(PLAIN, RECIPE.epochs)
    further = Training(recipe, np.concatenate((IMAGES, 255 - IMAGES)), np.concatenate((LABELS, (LABELS + 1) % 10)))
    further.begin(saved(before, tmp_path))
    for _ in range(4):
        further.epoch()
    with torch.inference_mode():
        said, expected = (net(SOME).softmax(1) for net in (further.network, before))
    assert float((said - expected).abs().mean()) < 1e-4


def test_what_its_model_knows_is_spared_at_once(tmp_path: Path) -> None:
    further = Training(dataclasses.replace(RECIPE, spared=0.75), IMAGES, LABELS)
    further.begin(saved(learned(RECIPE, RECIPE.epochs), tmp_path))
    before = further.state()["losses"].clone()
    further.epoch()
    assert 0.1 < (further.state()["losses"] != before)[before < before.mean()].float().mean() < 0.4


def test_it_turns_no_layer_further_than_others(tmp_path: Path) -> None:
    """Folded weights may be of any size, though the network that gave them had all of one size."""
    before = learned(PLAIN, RECIPE.epochs)
    for layer in before:
        if isinstance(layer, nn.BatchNorm2d):
            layer.weight.data *= 0.1  # which the last layer makes good
        elif isinstance(layer, nn.Linear):
            layer.weight.data *= 10
    further = Training(dataclasses.replace(RECIPE, optimizer="muon", rate=1e-3), IMAGES, LABELS)
    further.begin(saved(before, tmp_path))
    old = {name: weight.clone() for name, weight in further.state()["net"].items() if weight.ndim == 4}
    further.epoch()
    new = further.state()["net"]
    assert max(float((new[name] - weight).norm() / weight.norm()) for name, weight in old.items()) < 0.1


def test_a_layer_of_nothing_stays_a_number(tmp_path: Path) -> None:
    before = learned(PLAIN, 1)
    next(layer for layer in before if isinstance(layer, nn.Conv2d)).weight.data.zero_()
    net = NETS[RECIPE.net]()
    begin(net, saved(before, tmp_path), SOME, 10)
    assert all(torch.isfinite(value).all() for value in net.state_dict().values())
