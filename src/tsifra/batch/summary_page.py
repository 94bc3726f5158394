"""A Summary -> one HTML file with the pictures inside.

Flows in: what was counted, and crops of the most uncertain digits. Flows out: HTML that needs nothing else.
"""

import base64
from collections import Counter
from collections.abc import Sequence
from html import escape

from tsifra.batch.summary import BINS, STATUSES, Summary, Uncertain
from tsifra.reading import percent

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1c1c1e; max-width: 1000px; margin: 2em auto; padding: 0 1em; }
h1, h2 { font-weight: 600; } h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; } td, th { padding: .15em .8em; text-align: right; } td.text { text-align: left; }
tr:nth-child(even) { background: #f4f4f6; } .bar { background: #3a6ea5; height: 1em; }
.sheet { display: flex; flex-wrap: wrap; gap: 1em; } figure { margin: 0; width: 112px; text-align: center; }
figure img, figure div { height: 96px; max-width: 112px; object-fit: contain; image-rendering: pixelated; }
figcaption { font-size: .75em; line-height: 1.3; overflow-wrap: anywhere; } figcaption b { font-size: 1.4em; }
"""


def to_html(summary: Summary, name: str, crops: Sequence[bytes | None]) -> str:
    """The whole page. crops: a PNG of each uncertain digit, None where there is none to be had."""
    parts = [
        f"<h1>{summary.rows:,} rows in {escape(name)}, {summary.unsure:.2%} of those read are uncertain</h1>",
        _table(["status", "rows", "share"], _statuses(summary)),
        "<h2>Confidence</h2>",
        _table(["from", "to", "rows", ""], _bins(summary)),
    ]
    if summary.errors:
        parts += ["<h2>Errors</h2>", _table(["kind", "rows", "such as"], _errors(summary))]
    if summary.uncertain:
        figures = "".join(map(_figure, summary.uncertain, crops))
        parts += [f"<h2>The {len(summary.uncertain)} most uncertain</h2>", f'<div class="sheet">{figures}</div>']
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>tsifra: {escape(name)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _table(heads: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{head}</th>" for head in heads)
    return f"<table><tr>{head}</tr>\n" + "\n".join(rows) + "</table>"


def _statuses(summary: Summary) -> list[str]:
    counts = [(status, summary.statuses.get(status, 0)) for status in STATUSES]
    return [
        f"<tr><td>{status}</td><td>{count:,}</td><td>{count / summary.rows:.2%}</td></tr>"
        for status, count in counts
        if count
    ]


def _bins(summary: Summary) -> list[str]:
    most = max(*summary.bins, 1)
    return [
        f"<tr><td>{low:g}</td><td>{high:g}</td><td>{count:,}</td>"
        f'<td><div class="bar" style="width: {round(300 * count / most)}px"></div></td></tr>'
        for low, high, count in zip(BINS, BINS[1:], summary.bins, strict=False)
    ]


def _errors(summary: Summary) -> list[str]:
    return [
        f'<tr><td>{escape(kind)}</td><td>{count:,}</td><td class="text">'
        f"{'<br>'.join(map(escape, summary.examples[kind]))}</td></tr>"
        for kind, count in Counter(summary.errors).most_common()
    ]


def _figure(each: Uncertain, crop: bytes | None) -> str:
    drawn = "<div>not to be had</div>"
    if crop is not None:
        drawn = f'<img alt="" src="data:image/png;base64,{base64.b64encode(crop).decode()}">'
    page = f" p{each.page}" if each.page > 1 else ""
    said = f"<b>{escape(each.digit) or '–'}</b> {escape(percent(each.confidence))}<br>{escape(each.input)}{page}"
    return f"<figure>{drawn}<figcaption>{said}</figcaption></figure>"
