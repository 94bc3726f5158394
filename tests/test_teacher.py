"""Networks that are taught by another, which learns first."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from conftest import CommandLine
from tiny import IMAGES, LABELS, LESSONS, RECIPE, TINY, WITH_NONE, Killed, weights_of
from tsifra.classifier import Classifier
from tsifra.errors import DataError
from tsifra.reading import NONE
from tsifra.training.checkpoint import CHECKPOINT
from tsifra.training.loop import Epoch, Training, predict
from tsifra.training.recipes import RECIPES, Recipe
from tsifra.training.run import export, run

pytestmark = pytest.mark.usefixtures("one_thread")


def test_what_a_teacher_says_is_learned_as_far_as_it_is_believed() -> None:
    teacher = Training(RECIPE, IMAGES, LABELS)
    for _ in range(RECIPE.epochs):
        teacher.epoch()
    right = []
    for believed in (0.0, 1.0):
        recipe = dataclasses.replace(RECIPE, believed=believed)
        training = Training(recipe, IMAGES, (LABELS + 1) % 10, seed=1, teacher=teacher.network)
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
