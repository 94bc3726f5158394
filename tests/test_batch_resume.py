"""What is left to read when files came, went and changed: the data set must end as if all had been read anew."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsifra.batch import records
from tsifra.batch.item import Item
from tsifra.batch.listing import Listing, Stretch
from tsifra.batch.part import path_of, sweep
from tsifra.batch.resume import Plan, planned
from tsifra.batch.tally import Tally
from tsifra.errors import TsifraError


class Listed:
    """Sources that list given items."""

    named = ("given",)

    def __init__(self, items: list[Item]) -> None:
        self._items = items

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self._items)


def read(items: list[Item], output: Path, part_files: int, chunks: int | None = None, lost: int = 100) -> Plan:
    """A run without reading: parts that hold the names and stamps of their items. chunks: after which it is killed."""
    (output / records.FOLDER).mkdir(parents=True, exist_ok=True)
    sweep(output, "jsonl")
    plan = planned(items, output, "jsonl", lost)
    for part in plan.gone:
        records.forget(output, part)
        path_of(output, part, "jsonl").unlink(missing_ok=True)
    parts: dict[int, list[Item]] = {}
    for chunk in Listing(Listed(items), plan.stretches, part_files):  # type: ignore[arg-type]
        parts.setdefault(chunk.part, []).extend(chunk.items)
    for part, of_part in list(parts.items())[:chunks]:
        path = path_of(output, part, "jsonl")
        path.write_text("".join(f"{item.name} {item.stamp}\n" for item in of_part))
        records.save(output, part, path.stat().st_size, [(i.name, i.stamp) for i in of_part], Tally(files=len(of_part)))
    return plan


def held(output: Path) -> list[str]:
    return [line for path in sorted(output.glob("part-*")) for line in path.read_text().splitlines()]


def items(names: str, stamp: str = "1") -> list[Item]:
    return [Item(name, stamp) for name in names]


def lines(listed: list[Item]) -> list[str]:
    return [f"{item.name} {item.stamp}" for item in listed]


def test_the_first_run_reads_all(tmp_path: Path) -> None:
    assert read(items("abcdefg"), tmp_path, 3).stretches == (Stretch(0, None, 0),)
    assert held(tmp_path) == lines(items("abcdefg"))
    assert [head.tally.files for head in records.heads(tmp_path)] == [3, 3, 1]


def test_a_run_that_was_killed_reads_the_rest(tmp_path: Path) -> None:
    read(items("abcdefg"), tmp_path, 3, 1)
    plan = read(items("abcdefg"), tmp_path, 3)
    assert (plan.stretches, plan.parts_kept, plan.kept.files) == ((Stretch(3, None, 1),), 1, 3)
    assert held(tmp_path) == lines(items("abcdefg"))


@pytest.mark.parametrize(
    ("now", "stretches", "changed", "added", "removed"),
    [
        ("abcdefghi", (), "", "", ""),
        ("abcdefghijk", (), "", "", ""),  # those at the end are new
        ("abcXdefghi", (Stretch(0, 4, 0),), "", "X", ""),
        ("Xabcdefghi", (Stretch(0, 4, 0),), "", "X", ""),
        ("abcdeXfghi", (Stretch(3, 7, 1),), "", "X", ""),
        ("abcdefghXi", (Stretch(6, 10, 2),), "", "X", ""),
        ("bcdefghi", (Stretch(0, 2, 0),), "", "", "a"),
        ("abdefghi", (Stretch(0, 2, 0),), "", "", "c"),
        ("abcefghi", (Stretch(3, 5, 1),), "", "", "d"),
        ("abcdefgh", (Stretch(6, 8, 2),), "", "", "i"),
        ("abcghi", (), "", "", "def"),
        ("abc", (), "", "", "defghi"),
        ("defghi", (), "", "", "abc"),
        ("", (), "", "", "abcdefghi"),
        ("XYZ", (Stretch(0, 3, 0),), "", "XYZ", "abcdefghi"),
        ("abcdeFghi", (Stretch(3, 6, 1),), "", "F", "f"),
    ],
)
def test_only_what_has_changed_is_read_again(
    now: str, stretches: tuple[Stretch, ...], changed: str, added: str, removed: str, tmp_path: Path
) -> None:
    read(items("abcdefghi"), tmp_path, 3)
    plan = read(items(now), tmp_path, 3)
    assert plan.stretches[:-1] == stretches
    assert ("".join(plan.changed.names), "".join(plan.added.names), "".join(plan.removed.names)) == (
        changed,
        added,
        removed,
    )
    assert held(tmp_path) == lines(items(now))


def test_a_file_that_has_changed_is_read_again_with_its_part(tmp_path: Path) -> None:
    read(items("abcdefghi"), tmp_path, 3)
    now = [*items("abcd"), Item("e", "2"), *items("fghi")]
    plan = read(now, tmp_path, 3)
    assert (plan.stretches[:-1], plan.changed.names, plan.kept.files) == ((Stretch(3, 6, 1),), ["e"], 6)
    assert held(tmp_path) == lines(now)


names = st.text("abcdefghij", max_size=14)


runs = st.lists(
    st.tuples(names, st.integers(1, 4), st.none() | st.integers(0, 3), st.sets(st.integers(0, 13)), st.integers(1, 9))
)


@given(runs=runs)
def test_whatever_happens_to_the_files_every_one_has_its_row_once(
    runs: list[tuple[str, int, int | None, set[int], int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Names may be listed twice, in any order; each run may be killed; the last one is not.
    output = tmp_path_factory.mktemp("out")
    listed: list[Item] = []
    for letters, part_files, chunks, changed, lost in runs:
        listed = [Item(name, "2" if at in changed else "1") for at, name in enumerate(letters)]
        read(listed, output, part_files, chunks, lost)
    read(listed, output, 3)
    assert held(output) == lines(listed)
    assert read(listed, output, 2).stretches[:-1] == ()
    assert held(output) == lines(listed)


def test_a_record_that_is_damaged_is_named(tmp_path: Path) -> None:
    read(items("abcdef"), tmp_path, 3)
    record = tmp_path / records.FOLDER / "000000.json.gz"
    record.write_bytes(record.read_bytes()[:-9])
    with pytest.raises(TsifraError, match=r"000000\.json\.gz"):
        planned(items("abcdef"), tmp_path, "jsonl")
    record.unlink()
    read(items("abcdef"), tmp_path, 3)
    assert held(tmp_path) == lines(items("abcdef"))
