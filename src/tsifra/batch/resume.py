"""What is left to read of a listing, where a run was ended before: the listing laid along the records of its parts.

Flows in: items as they are listed now, and records of parts in their order. Flows out: a Plan. A part whose files are
still as they were is kept; one in which some were changed, added or removed is read again as a whole; what is listed
after the last part is left to read. So the data set ends as if all had been read anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tsifra.batch import records
from tsifra.batch.item import Item
from tsifra.batch.job import Form
from tsifra.batch.listing import Stretch
from tsifra.batch.part import path_of
from tsifra.batch.records import Head
from tsifra.batch.tally import Tally

_NAMED = 10  # files that are named, of each kind of change
_LOST = 100_000  # unknown files in a part, after which what is listed has little to do with what was read


class Noticed:
    """Files that something has happened to since they were read: how many, and the first of their names."""

    def __init__(self) -> None:
        self.count, self.names = 0, list[str]()

    def add(self, *names: str) -> None:
        """Take note of some."""
        self.count += len(names)
        self.names += names[: _NAMED - len(self.names)]

    def take(self, other: "Noticed") -> None:
        """Take over what another has, which then has nothing."""
        self.names += other.names[: _NAMED - len(self.names)]
        self.count += other.count
        other.count, other.names = 0, []


@dataclass(frozen=True, slots=True)
class Plan:
    """stretches: what is to be read. kept: what the parts that stay have. gone: parts of which no file is left.

    is_strange: whether something has been read, and nothing is listed any more that the parts are of.
    """

    stretches: tuple[Stretch, ...]
    kept: Tally = field(default_factory=Tally)
    parts_kept: int = 0
    gone: tuple[int, ...] = ()
    changed: Noticed = field(default_factory=Noticed)
    added: Noticed = field(default_factory=Noticed)
    removed: Noticed = field(default_factory=Noticed)
    is_strange: bool = False


def planned(items: Iterable[Item], output: Path, form: Form, lost: int = _LOST) -> Plan:
    """What is left to read of `items`, with the parts in `output`. Raises TsifraError for a damaged record.

    lost: unknown items in the place of one part, after which it and all later parts are given up and read again.
    """
    heads = records.heads(output)
    if not heads:
        return Plan((Stretch(0, None, 0),))
    walk = _Walk(output, form, heads, lost)
    walk.along(items)
    return walk.plan()


class _Open:
    """A record laid along the listing. start: where it begins there; is_same: whether all agrees so far."""

    def __init__(self, stamps: Iterable[tuple[str, str]], start: int) -> None:
        self._stamps = list(stamps)
        self._places = {name: at for at, (name, _) in reversed([*enumerate(self._stamps)])}
        self._at = 0
        self.start, self.is_same = start, True

    @property
    def is_done(self) -> bool:
        """Whether all of its items have been passed."""
        return self._at == len(self._stamps)

    def place(self, name: str) -> int | None:
        """Where an item stands among those that have not been passed."""
        if not self.is_done and self._stamps[self._at][0] == name:
            return self._at
        place = self._places.get(name, -1)
        return place if place >= self._at else None

    def pass_to(self, place: int | None) -> list[str]:
        """Pass the items before `place`, or all, which are listed no more; their names."""
        names = [name for name, _ in self._stamps[self._at : place]]
        self.is_same &= not names
        self._at += len(names)
        return names

    def pass_over(self, stamp: str) -> bool:
        """Pass an item that is listed; whether it is as it was."""
        is_same = self._stamps[self._at][1] == stamp
        self.is_same &= is_same
        self._at += 1
        return is_same


class _Walk:
    """Along a listing and the records of parts at once, of which two are in memory."""

    def __init__(self, output: Path, form: Form, heads: list[Head], lost: int) -> None:
        self._output, self._form, self._heads = output, form, heads
        self._lost, self._is_lost = lost, False
        self._firsts = {head.first: at for at, head in reversed([*enumerate(heads)])}
        self._stretches: list[Stretch] = []
        self._gone: list[int] = []
        self._kept, self._parts_kept = Tally(), 0
        self._changed, self._added, self._removed = Noticed(), Noticed(), Noticed()
        self._beyond = Noticed()  # after all known items of the last part: added to it, if a known one follows
        self._position = self._met = 0
        self._open(0)

    def along(self, items: Iterable[Item]) -> None:
        """Walk until the listing ends, or all parts do."""
        for item in items:
            if self._is_over:
                return
            self._step(item)
            self._position += 1

    def plan(self) -> Plan:
        """What the walk has found."""
        if self._is_lost:
            self._position = self._here.start
        self._position -= self._beyond.count
        self._close(len(self._heads))
        tail = Stretch(self._position, None, self._heads[-1].part + 1)
        return Plan(
            (*self._stretches, tail),
            self._kept,
            self._parts_kept,
            tuple(self._gone),
            self._changed,
            self._added,
            self._removed,
            not self._met and any(head.tally.rows > head.tally.failed for head in self._heads),
        )

    @property
    def _is_over(self) -> bool:
        return self._is_lost or (self._is_last and self._here.is_done and not self._beyond.count)

    def _step(self, item: Item) -> None:
        later = self._later(item.name)
        if later is not None:
            self._close(later)
            self._open(later)
        place = self._here.place(item.name)
        if place is None:
            self._unknown(item.name)
            return
        self._met += 1
        self._here.is_same &= not self._beyond.count
        self._added.take(self._beyond)
        self._removed.add(*self._here.pass_to(place))
        if not self._here.pass_over(item.stamp):
            self._changed.add(item.name)

    def _unknown(self, name: str) -> None:
        if self._is_last:
            self._beyond.add(name)
        else:
            self._added.add(name)
            self._here.is_same = False
            self._strangers += 1
            self._is_lost = self._strangers == self._lost

    def _later(self, name: str) -> int | None:
        """The later record that an item belongs to."""
        if self._here.place(name) is not None:
            return None
        later = self._firsts.get(name, 0)
        if later > self._at:
            return later
        return self._at + 1 if self._next.place(name) is not None else None

    def _open(self, at: int) -> None:
        self._at, self._strangers = at, 0
        self._is_last = at + 1 == len(self._heads)
        self._here = _Open(records.stamps(self._output, self._heads[at].part), self._position)
        following = () if self._is_last else records.stamps(self._output, self._heads[at + 1].part)
        self._next = _Open(following, 0)

    def _close(self, later: int) -> None:
        """End the record that is open, and pass those before `later`, of which nothing is listed."""
        head, start = self._heads[self._at], self._here.start
        self._removed.add(*self._here.pass_to(None))
        if start == self._position:
            self._gone.append(head.part)
        elif self._here.is_same and self._is_whole(head):
            self._kept, self._parts_kept = self._kept + head.tally, self._parts_kept + 1
        else:
            self._stretches.append(Stretch(start, self._position, head.part))
        for passed in self._heads[self._at + 1 : later]:
            self._removed.add(*(name for name, _ in records.stamps(self._output, passed.part)))
            self._gone.append(passed.part)

    def _is_whole(self, head: Head) -> bool:
        path = path_of(self._output, head.part, self._form)
        return path.is_file() and path.stat().st_size == head.size
