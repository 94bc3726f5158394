"""The service's documentation as a page without scripts or other hosts' files.

Flows in: an OpenAPI document. Flows out: HTML.
"""

from html import escape
from typing import Any


def page(openapi: dict[str, Any]) -> str:
    """All routes with their parameters and answers."""
    routes = "".join(
        _route(method, path, route) for path, methods in openapi["paths"].items() for method, route in methods.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>tsifra: HTTP service</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/page.css">'
        f"<main><h1>tsifra {escape(openapi['info']['version'])}: HTTP service</h1>"
        '<p>The same as a document for programs: <a href="/openapi.json">openapi.json</a>. A picture is the body, '
        f"or the parts <code>file</code> of a form.</p>{routes}</main></html>"
    )


def _route(method: str, path: str, route: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th scope=row><code>{escape(each['name'])}</code></th><td>{escape(_values(each['schema']))}</td>"
        f"<td>{escape(each.get('description', ''))}</td></tr>"
        for each in route.get("parameters", ())
    )
    table = f"<table>{rows}</table>" if rows else ""
    answers = ", ".join(sorted(route["responses"]))
    said = escape(route.get("description", ""))
    return f"<section><h2>{method.upper()} {escape(path)}</h2><p>{said}</p>{table}<p>Answers: {answers}</p></section>"


def _values(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    options = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return str((options[0] if options else schema).get("type", ""))
