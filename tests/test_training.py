"""Training: a tiny run from arrays to a model folder that reads; ended, resumed and exported."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from conftest import CommandLine
from drawing import DIGITS, digit
from tiny import IMAGES, RECIPE, TINY, Killed, weights_of
from tsifra.classifier import Classifier
from tsifra.data.synthetic import Mix
from tsifra.errors import DataError, ModelError
from tsifra.reader import Reader
from tsifra.training.checkpoint import CHECKPOINT
from tsifra.training.lessons import prepare, sources
from tsifra.training.loop import Epoch, Training
from tsifra.training.recipes import RECIPES, Recipe
from tsifra.training.run import export, run

pytestmark = pytest.mark.usefixtures("one_thread")


def test_a_trained_network_reads(tmp_path: Path) -> None:
    seen: list[Epoch] = []
    trained = run(RECIPE, TINY, tmp_path / "out", report=lambda recipe, epoch: seen.append(epoch))
    assert tuple(seen) == trained.history
    assert seen[-1].loss < seen[0].loss
    assert [epoch.number for epoch in seen] == [1, 2, 3, 4]
    assert trained.accuracy is not None
    assert trained.accuracy > 0.9
    reader = Reader(tmp_path / "out")
    assert "".join(reader.read_one(digit(label)).text for label in DIGITS) == DIGITS
    assert reader.card.name == "tiny-0"
    assert reader.card.document["recipe"]["epochs"] == 4


def test_a_run_begins_with_the_weights_of_a_model(tmp_path: Path) -> None:
    first = run(RECIPE, TINY, tmp_path / "first")
    further = run(dataclasses.replace(RECIPE, epochs=1), TINY, tmp_path / "further", seed=1, model=tmp_path / "first")
    assert further.history[0].loss < first.history[0].loss / 2
    assert further.history[0].rate < RECIPE.rate / 5
    assert dataclasses.replace(RECIPES["tutorial"], goes_on=True).rate_at(0.5) == RECIPES["tutorial"].rate / 5
    document = Classifier(tmp_path / "further").card.document
    assert (document["from"], document["recipe"]["goes_on"]) == ("tiny-0", True)


def test_what_a_run_cannot_go_on_from_is_told_of_before_pictures_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(dataclasses.replace(RECIPE, epochs=1), TINY, tmp_path / "ten")
    monkeypatch.setattr("tsifra.training.run.prepare", lambda *_: pytest.fail("pictures are made"))
    recipe = dataclasses.replace(RECIPES["teacher"], net=RECIPE.net)
    with pytest.raises(ModelError, match="10 outputs"):
        run(recipe, TINY, tmp_path / "eleven", model=tmp_path / "ten")
    with pytest.raises(DataError, match="no such checkpoint"):
        run(recipe, TINY, tmp_path / "eleven", resume=True)
    assert not (tmp_path / "eleven").exists()


def test_the_seed_decides_everything(tmp_path: Path) -> None:
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        run(RECIPE, TINY, tmp_path / folder, seed)
    assert weights_of(tmp_path / "a") == weights_of(tmp_path / "b") != weights_of(tmp_path / "c")


@pytest.mark.parametrize("optimizer", ["adamax", "adamw", "muon"])
def test_a_killed_run_goes_on_to_the_same_result(tmp_path: Path, optimizer: str) -> None:
    recipe = dataclasses.replace(RECIPE, optimizer=optimizer, spared=0.5)  # type: ignore[arg-type]

    def kill(_: Recipe, epoch: Epoch) -> None:
        if epoch.number == 3:
            raise Killed

    with pytest.raises(Killed):
        run(recipe, TINY, tmp_path / "killed", report=kill)
    assert not (tmp_path / "killed" / "model.onnx").exists()
    torch.manual_seed(99)
    resumed = run(recipe, TINY, tmp_path / "killed", resume=True)
    run(recipe, TINY, tmp_path / "whole")
    assert [epoch.number for epoch in resumed.history] == [1, 2, 3, 4]
    assert weights_of(tmp_path / "killed") == weights_of(tmp_path / "whole")


def test_ctrl_c_keeps_what_was_learned(tmp_path: Path) -> None:
    def interrupt(_: Recipe, epoch: Epoch) -> None:
        if epoch.number == 2:
            raise KeyboardInterrupt

    trained = run(RECIPE, TINY, tmp_path, report=interrupt)
    assert trained.interrupted
    assert len(trained.history) == 2
    assert Classifier(tmp_path).card.document["epochs_done"] == 2


def test_ctrl_c_amid_an_epoch_keeps_whole_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, shown = torch.nn.functional.cross_entropy, 0

    def interrupted(*args: Any, **settings: Any) -> torch.Tensor:
        nonlocal shown
        shown += 1
        if shown == 2 * (len(IMAGES) - RECIPE.held_back) // RECIPE.batch + 5:
            raise KeyboardInterrupt
        return loss(*args, **settings)

    monkeypatch.setattr("tsifra.training.loop.F.cross_entropy", interrupted)
    assert len(run(RECIPE, TINY, tmp_path / "out").history) == 2
    export(tmp_path / "out" / CHECKPOINT, tmp_path / "whole epochs")
    assert weights_of(tmp_path / "out") == weights_of(tmp_path / "whole epochs")


def test_a_checkpoint_of_another_device_is_exported_and_not_gone_on_with(tmp_path: Path) -> None:
    run(RECIPE, TINY, tmp_path / "out")
    kept = torch.load(tmp_path / "out" / CHECKPOINT, weights_only=True)
    kept["state"] |= {"device": "cuda", "random": torch.zeros(16, dtype=torch.uint8)}  # as a GPU's generator has it
    torch.save(kept, tmp_path / "out" / CHECKPOINT)
    export(tmp_path / "out" / CHECKPOINT, tmp_path / "exported")
    assert weights_of(tmp_path / "out") == weights_of(tmp_path / "exported")
    with pytest.raises(DataError, match="--device cuda"):
        run(RECIPE, TINY, tmp_path / "out", resume=True)


def test_fonts_of_one_folder_are_learned_or_kept_and_never_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import matplotlib

    monkeypatch.setattr("tsifra.training.lessons.readable", lambda faces, images, labels: faces)
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    learned, kept = (set(part.faces) for part in sources(RECIPE, TINY, folder))
    assert learned
    assert kept
    assert not learned & kept
    (tmp_path / "one.ttf").write_bytes((folder / "DejaVuSans.ttf").read_bytes())
    with pytest.raises(DataError, match="too few fonts"):
        sources(RECIPE, TINY, tmp_path)


def test_lessons_tell_as_what_kind_each_picture_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    mix = Mix(typed=2, none=1, counted=3)
    made = np.arange(6, dtype=np.uint8)
    monkeypatch.setattr("tsifra.training.lessons.sources", lambda *_: (None, None))
    monkeypatch.setattr("tsifra.training.lessons.synthetic", lambda *_: (np.zeros((6, 28, 28), np.uint8), made))
    lessons = prepare(dataclasses.replace(RECIPES["shipped"], mix=mix, held_back=390, repeats=2), TINY, 0)
    names = [*Mix.__slots__, "mnist"]
    assert [names[kind] for kind in lessons.kinds] == ["mnist"] * 20 + ["typed"] * 2 + ["none"] + ["counted"] * 3
    assert lessons.labels[20:].tolist() == made.tolist()


def test_ctrl_c_before_anything_is_learned_leaves_the_model_that_lies_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(training: Training) -> Epoch:
        raise KeyboardInterrupt

    run(RECIPE, TINY, tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.setattr(Training, "epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(RECIPE, TINY, tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_gpu_that_is_not_there_is_told_of(
    tsifra: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsifra.data.mnist.load_mnist", lambda *_: TINY)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    code, _, err = tsifra("train", "--device", "cuda", "--out", tmp_path / "out")
    assert (code, "no GPU" in err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such checkpoint"):
        run(RECIPE, TINY, tmp_path, resume=True)
    run(RECIPE, TINY, tmp_path)
    with pytest.raises(DataError, match="another recipe or seed"):
        run(RECIPE, TINY, tmp_path, seed=1, resume=True)
    other = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    other["state"]["net"] = {name: values[:1] for name, values in other["state"]["net"].items() if values.ndim}
    torch.save(other, tmp_path / CHECKPOINT)
    for goes_on in (
        lambda: run(RECIPE, TINY, tmp_path, resume=True),
        lambda: export(tmp_path / CHECKPOINT, tmp_path / "out"),
    ):
        with pytest.raises(DataError, match="another version"):
            goes_on()
    (tmp_path / CHECKPOINT).write_bytes(b"not one")
    with pytest.raises(DataError, match="not a checkpoint of"):
        run(RECIPE, TINY, tmp_path, resume=True)


def test_a_checkpoint_is_exported_as_what_was_trained(tmp_path: Path) -> None:
    run(RECIPE, TINY, tmp_path / "out")
    export(tmp_path / "out" / CHECKPOINT, tmp_path / "exported")
    assert weights_of(tmp_path / "out") == weights_of(tmp_path / "exported")


def test_a_checkpoint_of_before_losses_were_kept_is_exported(tmp_path: Path) -> None:
    run(RECIPE, TINY, tmp_path / "run")
    kept = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)
    del kept["state"]["losses"], kept["recipe"]["spared"]
    torch.save(kept, tmp_path / CHECKPOINT)
    export(tmp_path / CHECKPOINT, tmp_path / "out")
    assert Reader(tmp_path / "out").read_one(digit("4")).text == "4"


def test_an_export_leaves_the_model_of_its_run(tmp_path: Path) -> None:
    run(RECIPE, TINY, tmp_path)
    before = (tmp_path / "model.json").read_bytes()
    with pytest.raises(DataError, match="name another folder"):
        export(tmp_path / CHECKPOINT, tmp_path)
    assert (tmp_path / "model.json").read_bytes() == before


def test_a_checkpoint_runs_no_code(tmp_path: Path) -> None:
    class Bad:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (Path(tmp_path / "run"),)  # type: ignore[return-value]

    torch.save({"recipe": Bad(), "seed": 0, "state": {}}, tmp_path / CHECKPOINT)
    with pytest.raises(DataError, match="not a checkpoint of"):
        export(tmp_path / CHECKPOINT, tmp_path / "out")
    assert not (tmp_path / "run").exists()


def test_the_commands_train_export_and_draw_curves(
    tsifra: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsifra.data.mnist.load_mnist", lambda folder, progress: TINY)
    monkeypatch.setitem(RECIPES, "fast", RECIPE)
    out = tmp_path / "mine"
    code, said, err = tsifra("train", "--out", out, "--epochs", "2", "--name", "mine")
    assert (code, said) == (0, "")
    assert "epoch 2/2" in err
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "model.json").read_text())["name"] == "mine"
    code, _, err = tsifra("export", out, "--out", tmp_path / "exported")
    assert code == 0
    assert "onnxruntime" in err
    assert Classifier(tmp_path / "exported").card.name == "tiny-0"
