"""Networks that are taught by another, which learns first, or by models."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from conftest import CommandLine
from tiny import IMAGES, LABELS, LESSONS, RECIPE, TINY, WITH_NONE, Killed, weights_of
from tsifra.classifier import Classifier
from tsifra.data.synthetic import Mix
from tsifra.errors import DataError, ModelError
from tsifra.reading import NONE
from tsifra.training.checkpoint import CHECKPOINT
from tsifra.training.export import save_model
from tsifra.training.loop import Epoch, Training, predict
from tsifra.training.net import NETS, Merged
from tsifra.training.recipes import RECIPES, Recipe
from tsifra.training.run import card, export, run
from tsifra.training.teachers import Teachers

pytestmark = pytest.mark.usefixtures("one_thread")


def test_what_a_teacher_says_is_learned_as_far_as_it_is_believed() -> None:
    teacher = Training(RECIPE, IMAGES, LABELS)
    for _ in range(RECIPE.epochs):
        teacher.epoch()
    right = []
    for believed in (0.0, 1.0):
        recipe = dataclasses.replace(RECIPE, believed=believed)
        training = Training(recipe, IMAGES, (LABELS + 1) % 10, seed=1, teachers=[teacher.network])
        for _ in range(recipe.epochs):
            training.epoch()
        right.append(float((predict(training.network, IMAGES).argmax(1).numpy() == LABELS).mean()))
    assert right[0] < 0.1
    assert right[1] > 0.9


def test_a_teacher_tells_kinds_of_no_digit_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsifra.training.run.prepare", lambda *_: LESSONS)
    monkeypatch.setitem(RECIPES, "teacher", dataclasses.replace(RECIPES["teacher"], net="quick", epochs=4))
    recipe = dataclasses.replace(RECIPES["shipped"], net="quick", epochs=4, batch=20, bf16=False, believed=1.0)
    run(recipe, TINY, tmp_path)
    assert (Classifier(tmp_path)(IMAGES).argmax(1) == np.minimum(WITH_NONE, NONE)).mean() > 0.9


def test_models_of_other_networks_teach_together(tmp_path: Path) -> None:
    names = {"one": "small", "other": "quick", "odd": "quick"}
    for seed, (name, net) in enumerate(names.items()):
        tiny = dataclasses.replace(TINY, train_labels=(LABELS + (name == "odd")) % 10)
        run(dataclasses.replace(RECIPE, net=net, name=name), tiny, tmp_path / name, seed)
    wrong = dataclasses.replace(TINY, train_labels=(LABELS + 2) % 10)
    twice = [tmp_path / name for name in ("one", "one", "other", "odd")]
    run(dataclasses.replace(RECIPE, believed=1.0), wrong, tmp_path / "out", seed=4, taught_by=twice)
    model = Classifier(tmp_path / "out")
    said = model(IMAGES)
    assert (said.argmax(1) == LABELS).mean() > 0.9
    assert 0.15 < said[np.arange(len(LABELS)), (LABELS + 1) % 10].mean() < 0.3  # as one of four has it
    assert re.fullmatch(r"2 × one-0 \w{8}, 1 × other-1 \w{8}, 1 × odd-2 \w{8}", model.card.document["recipe"]["taught"])


def test_a_model_teaches_what_it_has_learned(tmp_path: Path) -> None:
    """Counters' windows, which one of two has not; on_pages none has, so both are asked."""
    folders = []
    for name, mix in (("old", Mix(typed=5)), ("new", Mix(typed=5, counted=5))):
        recipe = dataclasses.replace(RECIPES["shipped"], net="quick", name=name, mix=mix)
        net = nn.Sequential(*NETS["quick"](recipe.learned), Merged(recipe.outputs)).eval()
        save_model(net, tmp_path / name, card(recipe, 0, net))
        folders.append(tmp_path / name)
    teachers = Teachers([*folders, folders[1]], RECIPES["shipped"])
    kinds = np.array([*map(Mix.__slots__.index, ("typed", "counted", "on_pages")), len(Mix.__slots__)], np.uint8)
    third = pytest.approx(1 / 3)
    assert teachers.shares(kinds)[0].tolist() == [third, 0, third, third]
    assert teachers.shares(kinds).sum(0) == pytest.approx(np.ones(4))


def test_a_model_that_knows_other_labels_cannot_teach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(dataclasses.replace(RECIPE, epochs=1), TINY, tmp_path / "ten")
    monkeypatch.setattr("tsifra.training.run.prepare", lambda *_: pytest.fail("pictures are made"))
    with pytest.raises(ModelError, match="has 10 outputs, the recipe's network 11"):
        run(RECIPES["shipped"], TINY, tmp_path / "out", taught_by=[tmp_path / "ten"])
    card = json.loads((tmp_path / "ten" / "model.json").read_text())
    card["recipe"]["net"] = "huge"
    (tmp_path / "ten" / "model.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="a network 'huge', which this version of tsifra does not know"):
        run(RECIPE, TINY, tmp_path / "out", taught_by=[tmp_path / "ten"])
    assert not (tmp_path / "out").exists()


def test_a_teacher_learns_first_and_a_killed_run_goes_on_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "first", dataclasses.replace(RECIPE, name="first", epochs=2))
    recipe = dataclasses.replace(RECIPE, taught="first", believed=0.5, epochs=2)
    seen = list[tuple[str, int]]()

    def kill(recipe: Recipe, epoch: Epoch) -> None:
        seen.append((recipe.name, epoch.number))
        if len(seen) in (1, 3):  # within the teacher's epochs and within what it teaches
            raise Killed

    run(recipe, TINY, tmp_path / "whole")
    for resume in (False, True):
        with pytest.raises(Killed):
            run(recipe, TINY, tmp_path / "killed", resume=resume, report=kill)
    run(recipe, TINY, tmp_path / "killed", resume=True, report=kill)
    assert seen == [("tiny-first", 1), ("tiny-first", 2), ("tiny", 1), ("tiny", 2)]
    assert weights_of(tmp_path / "killed") == weights_of(tmp_path / "whole")
    export(tmp_path / "whole" / "first" / CHECKPOINT, tmp_path / "teacher")
    assert Classifier(tmp_path / "teacher").card.name == "tiny-first-1"
    shutil.rmtree(tmp_path / "whole" / "first")  # what is over needs no teacher
    run(recipe, TINY, tmp_path / "whole", resume=True)
    assert weights_of(tmp_path / "killed") == weights_of(tmp_path / "whole")


def test_no_run_goes_on_with_another_teacher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "first", dataclasses.replace(RECIPE, name="first", epochs=2))
    recipe = dataclasses.replace(RECIPE, taught="first", believed=0.5, epochs=2)
    run(recipe, TINY, tmp_path / "old", seed=1)
    run(recipe, TINY, tmp_path / "new", seed=2)

    def kill(recipe: Recipe, epoch: Epoch) -> None:
        if recipe.name == killed:
            raise Killed

    for killed in ("tiny-first", "tiny"):
        with pytest.raises(Killed):
            run(recipe, TINY, tmp_path / "old", seed=2, report=kill)
        if killed == "tiny-first":
            run(recipe, TINY, tmp_path / "old", seed=2, resume=True)
            assert weights_of(tmp_path / "old") == weights_of(tmp_path / "new")
    shutil.rmtree(tmp_path / "old" / "first")
    with pytest.raises(DataError, match=r"first/checkpoint.pt: no such checkpoint"):
        run(recipe, TINY, tmp_path / "old", seed=2, resume=True)


def test_ctrl_c_while_a_teacher_learns_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "first", dataclasses.replace(RECIPE, name="first"))

    def interrupt(_: Recipe, epoch: Epoch) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(dataclasses.replace(RECIPE, taught="first"), TINY, tmp_path, report=interrupt)
    assert [file.name for file in tmp_path.iterdir()] == ["first"]


def test_the_command_says_that_a_teacher_is_kept(
    tsifra: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: Recipe, epoch: Epoch) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tsifra.data.mnist.load_mnist", lambda folder, progress: TINY)
    monkeypatch.setattr("tsifra.cli.train._report", interrupt)
    monkeypatch.setitem(RECIPES, "teacher", RECIPE)
    monkeypatch.setitem(RECIPES, "shipped", dataclasses.replace(RECIPE, taught="teacher"))
    code, said, err = tsifra("train", "--recipe", "shipped", "--out", tmp_path)
    assert (code, said) == (130, "")
    assert "--resume goes on" in err


def test_the_command_has_models_teach(tsifra: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsifra.data.mnist.load_mnist", lambda folder, progress: TINY)
    monkeypatch.setitem(RECIPES, "fast", dataclasses.replace(RECIPE, epochs=1))
    for name in ("one", "other"):
        assert tsifra("train", "--out", tmp_path / name, "--name", name)[0] == 0
    taught = [option for name in ("one", "other") for option in ("--taught-by", tmp_path / name)]
    assert tsifra("train", "--out", tmp_path / "out", "--from", tmp_path / "one", *taught)[0] == 0
    recipe = Classifier(tmp_path / "out").card.document["recipe"]
    assert [named.split()[2] for named in recipe["taught"].split(", ")] == ["one", "other"]
    code, said, err = tsifra("train", "--out", tmp_path / "out", "--taught-by", __file__)
    assert (code, said) == (2, "")
    assert "test_teacher.py: not a network that can be used" in err
