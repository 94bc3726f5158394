"""The service's documentation as a page without scripts or other hosts' files.

Flows in: an OpenAPI document. Flows out: HTML.
"""

import re
from html import escape
from typing import Any

_EXAMPLE = """curl --data-binary @photo.jpg '{0}/v1/read'
curl -F file=@0.png -F file=@1.png '{0}/v1/read?one=true'
curl --data-binary @photo.jpg '{0}/v1/annotate' --output marked.png"""


def page(openapi: dict[str, Any], address: str) -> str:
    """All routes with their parameters and answers. address: where the service is, for examples."""
    routes = "".join(
        _route(method, path, route) for path, methods in openapi["paths"].items() for method, route in methods.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>tsifra: HTTP service</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" type="image/svg+xml" href="/static/icon.svg"><link rel="stylesheet" href="/static/page.css">'
        f'<main class="manual"><header><h1>tsifra {escape(openapi["info"]["version"])}: HTTP service</h1>'
        "<p>A picture is the body of a request, or the parts <code>file</code> of a form. What goes wrong is answered "
        "with <code>application/problem+json</code>, whose <code>kind</code> says what and whose <code>detail</code> "
        'says it in words. Programs read <a href="/openapi.json">openapi.json</a>; people have '
        f'<a href="/">a page</a>.</p><pre>{escape(_EXAMPLE.format(address))}</pre></header>{routes}</main></html>'
    )


def _route(method: str, path: str, route: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope=row><code>{escape(each['name'])}</code></th><td>{escape(_values(each['schema']))}</td>"
        f"<td>{_words(each.get('description', ''))}</td></tr>"
        for each in route.get("parameters", ())
    )
    table = f"<table>{rows}</table>" if rows else ""
    answers = ", ".join(sorted(route["responses"]))
    said = _words(route.get("description", ""))
    return (
        f'<section class="card"><h2><code>{method.upper()} {escape(path)}</code></h2><p>{said}</p>{table}'
        f'<p class="hint">Answers: {answers}</p></section>'
    )


def _words(text: str) -> str:
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _values(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return str((options[0] if options else schema).get("type", ""))
