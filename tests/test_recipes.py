"""Recipes: what each learns with, how its rate falls, and what is made of its outputs."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from tiny import IMAGES, LABELS, LESSONS, RECIPE, TINY, WITH_NONE
from tsifra.classifier import Classifier
from tsifra.data.nondigits import TWO
from tsifra.errors import DataError
from tsifra.network import Network
from tsifra.reading import NONE
from tsifra.training.augment import Augment
from tsifra.training.export import save_model
from tsifra.training.loop import Training
from tsifra.training.net import NETS, multiplications
from tsifra.training.recipes import RECIPES
from tsifra.training.run import card, run

pytestmark = pytest.mark.usefixtures("one_thread")


def test_the_tutorials_network_is_the_tutorials() -> None:
    net = NETS["tutorial"]()
    assert sum(weight.numel() for weight in net.parameters()) == 3_274_634
    (first, *_) = net.parameters()
    assert float(first.detach().abs().max()) <= (6 / (25 + 800)) ** 0.5  # Glorot's bound
    recipe = RECIPES["tutorial"]
    assert (recipe.optimizer, recipe.rate, recipe.batch, recipe.epochs) == ("adamax", 0.001, 32, 13)


def test_what_is_to_be_shipped_stays_quick() -> None:
    assert multiplications(NETS[RECIPES["shipped"].net](RECIPES["shipped"].learned)) <= 7_000_000


def test_kinds_of_no_digit_are_learned_apart_and_answered_as_one(tmp_path: Path) -> None:
    recipe = dataclasses.replace(RECIPES["shipped"], net="quick", batch=100, bf16=False)
    training = Training(recipe, IMAGES, WITH_NONE)
    training.epoch()
    last = training.network[-2]
    assert isinstance(last, torch.nn.Linear)
    assert last.out_features == recipe.learned > recipe.classes == 11
    save_model(training.network, tmp_path, card(recipe, 0, training.network, "kinds"))
    with torch.inference_mode():
        every = training.network[:-1](torch.tensor(IMAGES[:9])[:, None] / 255).softmax(1).numpy()
    said = Network((tmp_path / "model.onnx").read_bytes(), "kinds")(IMAGES[:9])
    assert said[:, :10] == pytest.approx(every[:, :10], abs=1e-5)
    assert said[:, 11] == pytest.approx(every[:, TWO], abs=1e-5)
    assert said[:, 10:].sum(1) == pytest.approx(every[:, 10:].sum(1), abs=1e-5)
    classifier = Classifier(tmp_path)
    assert classifier(IMAGES[:9]).shape == (9, 11)
    assert classifier.several(IMAGES[:9]) == pytest.approx(said[:, 11] / said[:, 10:].sum(1), abs=1e-5)


def test_no_digit_is_as_likely_as_the_recipe_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsifra.training.run.prepare", lambda *_: LESSONS)
    recipe = dataclasses.replace(RECIPES["teacher"], net="quick", epochs=4, batch=20, bf16=False)
    odds = []
    for times in (1.0, 0.25):
        run(dataclasses.replace(recipe, none_odds=times), TINY, tmp_path)
        said = Classifier(tmp_path)(IMAGES[8:10])
        odds.append(said[:, NONE] / said[:, :NONE].sum(1))
    assert odds[1] / odds[0] == pytest.approx([0.25, 0.25], rel=0.1)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_trains(name: str) -> None:
    recipe = dataclasses.replace(RECIPES[name], batch=100)
    assert np.isfinite(Training(recipe, IMAGES, LABELS).epoch().loss)


def test_pictures_that_are_known_are_spared_and_the_rest_of_them_count_for_more() -> None:
    training = Training(dataclasses.replace(RECIPE, spared=0.75), IMAGES, LABELS)
    whole = training.epoch()
    before = training.state()["losses"].clone()
    assert before.isfinite().all()
    known = before < before.mean()
    second = training.epoch()
    shown = training.state()["losses"] != before
    assert shown[~known].float().mean() > 0.9  # all but what is left of the last batch
    assert 0.1 < shown[known].float().mean() < 0.4
    assert second.loss < whole.loss


def test_what_goes_on_says_no_digit_as_often_as_it_is_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsifra.training.run.prepare", lambda *_: LESSONS)
    first = dataclasses.replace(RECIPES["teacher"], net="quick", epochs=4, batch=20, bf16=False)
    said = []
    for times in (1.0, 0.25):
        run(dataclasses.replace(first, none_odds=times), TINY, tmp_path / "first")
        still = dataclasses.replace(first, epochs=1, rate=0.0, none_odds=1.0)
        run(still, TINY, tmp_path / "further", model=tmp_path / "first")
        said.append(Network((tmp_path / "further" / "model.onnx").read_bytes(), "further")(IMAGES))
    assert said[1] == pytest.approx(said[0], abs=0.02)


def test_no_more_are_spared_than_leave_a_batch() -> None:
    training = Training(dataclasses.replace(RECIPE, batch=380, spared=0.75), IMAGES, LABELS)
    assert all(np.isfinite(training.epoch().loss) for _ in range(3))


def test_the_rate_rises_and_falls_and_is_lower_for_what_goes_on() -> None:
    rates = [RECIPE.rate_at(done) for done in (0, RECIPE.warmup, 0.9999)]
    assert rates == pytest.approx([0.04 * RECIPE.rate, RECIPE.rate, 0], abs=RECIPE.rate / 1000)
    further = dataclasses.replace(RECIPE, goes_on=True)
    rates = [further.rate_at(done) for done in (0, 0.5, 1)]
    assert rates == pytest.approx([RECIPE.rate / 5, RECIPE.rate / 10, 0])


def test_augmentation_keeps_shape_and_range_and_is_seeded() -> None:
    images = torch.tensor(IMAGES[:32])[:, None].float() / 255
    first, second = (Augment(pen=0.5)(images, torch.Generator().manual_seed(7)) for _ in range(2))
    assert first.shape == images.shape
    assert torch.equal(first, second)
    assert not torch.equal(first, images)
    assert float(first.min()) >= 0
    assert float(first.max()) <= 1.0001


def test_a_set_smaller_than_a_batch_is_the_callers_mistake() -> None:
    with pytest.raises(DataError, match="fewer than a batch"):
        Training(RECIPE, IMAGES[:5], LABELS[:5])
