"""The page as tests open it: a browser's window on a server, strokes of a mouse, a page of digits as a file."""

from pathlib import Path
from typing import Any

import cv2
from playwright.sync_api import Browser, Page

from test_pages import LINES, sheet
from test_server import Server

SEVEN = [(0.3, 0.25), (0.46, 0.25), (0.38, 0.75)]


def opened(browser: Browser, server: Server, **context: Any) -> Page:
    page = browser.new_context(**{"locale": "en-US", "viewport": {"width": 1200, "height": 900}} | context).new_page()
    page.goto(f"http://127.0.0.1:{server.port}/")
    return page


def stroke(page: Page, points: list[tuple[float, float]]) -> None:
    box = page.locator("#pad").bounding_box()
    assert box is not None
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def photo_in(folder: Path) -> Path:
    """A page of `test_pages.LINES`."""
    cv2.imwrite(str(folder / "page.png"), sheet(LINES))
    return folder / "page.png"
