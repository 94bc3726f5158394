"""Probabilities -> ok, review or rejected.

Flows in: eleven probabilities of one region. Flows out: the Digit that stands for it. Knows nothing of pictures
and nothing of how the probabilities came about.
"""

from tsifra.reading import LABELS, NONE, BBox, Digit


def decide(probabilities: tuple[float, ...], bbox: BBox, accept: float) -> Digit:
    """What a region is: the likeliest label, ok where its probability reaches `accept`.

    A region that is likelier no digit than any one digit is rejected.
    """
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    confidence = min(1.0, probabilities[best])  # float32 rows may sum to a hair over 1
    if best == NONE:
        return Digit(None, confidence, bbox, "rejected", probabilities)
    return Digit(LABELS[best], confidence, bbox, "ok" if confidence >= accept else "review", probabilities)
