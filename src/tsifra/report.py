"""A Report -> one HTML file with the pictures inside.

Flows in: what `evaluate` found and the reader that found it. Flows out: HTML that needs nothing else.
"""

import base64
from html import escape

from tsifra import plots
from tsifra.errors import InputError
from tsifra.evaluate import CLASSES, Answer, Report
from tsifra.reader import Reader

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1c1c1e; max-width: 1000px; margin: 2em auto; padding: 0 1em; }
h1, h2 { font-weight: 600; } h1 { font-size: 1.6em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; } td, th { padding: .15em .8em; text-align: right; }
tr:nth-child(even) { background: #f4f4f6; } img { max-width: 100%; } figure { margin: 1em 0; }
.figures { display: flex; flex-wrap: wrap; gap: 1em; align-items: start; } .figures img { max-width: 480px; }
.big { display: flex; flex-wrap: wrap; gap: 2.5em; margin: 1em 0; } .big b { display: block; font-size: 1.8em; }
"""


def to_html(report: Report, reader: Reader) -> str:
    """The whole page; `reader` explains the worst pictures."""
    low, high = report.interval
    big = [
        (f"{report.accuracy:.2%}", f"right; 95% interval {low:.2%} to {high:.2%}"),
        (f"{report.loss:.4f}", "loss (cross-entropy)"),
        (f"{report.accepted:.2%}", f"accepted, {report.wrong:.2%} of them wrong"),
        (f"{report.ece:.2%}", "expected calibration error"),
    ]
    drawn = [plots.confusion(report.confusion, CLASSES), plots.reliability(report.bins), plots.acceptance(report.curve)]
    parts = [
        f"<h1>{report.n:,} pictures, read by {escape(report.model)}</h1>",
        '<div class="big">' + "".join(f"<div><b>{value}</b>{escape(name)}</div>" for value, name in big) + "</div>",
        "<h2>Each digit</h2>",
        _table(report),
        "<h2>Confusion, reliability, accepted share against error</h2>",
        '<div class="figures">' + "".join(_image(plots.png(figure)) for figure in drawn) + "</div>",
        f"<h2>The worst {len(report.worst)}</h2>",
        *(_worst(answer, reader) for answer in report.worst),
    ]
    title = f"tsifra: {report.n} pictures"
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def _table(report: Report) -> str:
    rows = ["<tr><th>digit<th>pictures<th>precision<th>recall"]
    totals = report.confusion.sum(axis=1)
    for name, total, precision, recall in zip(CLASSES, totals, report.precision, report.recall, strict=True):
        if total:
            shares = "".join("<td>" if share is None else f"<td>{share:.2%}" for share in (precision, recall))
            rows.append(f"<tr><td>{'no digit' if name == '-' else name}<td>{total:,}{shares}")
    return "<table>" + "\n".join(rows) + "</table>"


def _worst(answer: Answer, reader: Reader) -> str:
    said = f"{answer.label} read as {answer.text}" if not answer.right else f"{answer.label}, right but unsure"
    said += f": {answer.name}"
    try:
        drawn = _image(reader.explain(answer.source)._repr_png_())
    except InputError as error:
        drawn = escape(str(error))
    return f"<figure><figcaption>{escape(said)}</figcaption>{drawn}</figure>"


def _image(data: bytes) -> str:
    return f'<img alt="" src="data:image/png;base64,{base64.b64encode(data).decode()}">'
