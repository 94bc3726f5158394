"""The page in a real browser: languages, phones, keyboards and screen readers."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from browsing import SEVEN, opened, photo_in, stroke
from test_server import Server, served


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as server:
        yield server


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return photo_in(tmp_path)


def test_a_finger_draws(browser: Browser, server: Server) -> None:
    page = opened(browser, server, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    expect(page.locator("#photograph")).to_be_visible()
    box = page.locator("#pad").bounding_box()
    assert box is not None
    places = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in SEVEN]
    between = [{k: a[k] + share / 6 * (b[k] - a[k]) for k in a} for a, b in pairwise(places) for share in range(7)]
    finger = page.context.new_cdp_session(page)
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [between[0]]})
    for place in between[1:]:
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [place]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("#text")).to_have_text("7")
    assert page.evaluate("scrollY") == 0, "the page stays where it is under the finger"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 600, 1200])  # 600 is a usual window at 200%
@pytest.mark.parametrize("path", ["", "docs"])
def test_nothing_keeps_anybody_out(
    browser: Browser, server: Server, photo: Path, scheme: str, width: int, path: str
) -> None:
    page = opened(browser, server, color_scheme=scheme, viewport={"width": width, "height": 800})
    if path:
        page.goto(f"http://127.0.0.1:{server.port}/{path}")
    else:
        page.set_input_files("#file", photo)
        expect(page.locator("#read")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "no scrolling sideways"
    found = Axe().run(page).response["violations"]
    serious = [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in ("serious", "critical")]
    assert serious == []


def test_wishes_for_still_and_plain_screens_are_met(browser: Browser, server: Server) -> None:
    page = opened(browser, server, forced_colors="active", reduced_motion="reduce")
    stroke(page, SEVEN)
    expect(page.locator("#text")).to_have_text("7")
    style = page.evaluate("""() => {
        const fill = getComputedStyle(document.querySelector(".digit .fill"))
        const track = getComputedStyle(document.querySelector(".digit .bar"))
        return [fill.transitionDuration, fill.backgroundColor !== track.backgroundColor]
    }""")
    assert style == ["0s", True]


def test_it_speaks_russian(browser: Browser, server: Server) -> None:
    page = opened(browser, server, locale="ru-RU")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    expect(page.locator("#choose")).to_have_text("Выбрать файл")
    page.locator("[data-language=en]").click()
    expect(page.locator("#choose")).to_have_text("Choose a file")
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_keyboard_is_enough(browser: Browser, server: Server) -> None:
    page = opened(browser, server)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.example") == "number.png":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_text("2718")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('#digits') !== null"):
            break
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_contain_text("2")


def test_a_file_is_chosen_from_the_keyboard(browser: Browser, server: Server, photo: Path) -> None:
    page = opened(browser, server)
    # The browser's own dialog is caught too late at times, so it is kept from opening.
    page.evaluate("file.addEventListener('click', event => { event.preventDefault(); file.dataset.asked = 'yes' })")
    page.focus("#choose")
    page.keyboard.press("Enter")
    expect(page.locator("#file")).to_have_attribute("data-asked", "yes")
    page.set_input_files("#file", photo)
    expect(page.locator("#said")).to_contain_text("Read: 4 0 7 1")


def test_a_phone_shows_the_answer_beside_the_drawing(browser: Browser, server: Server) -> None:
    page = opened(browser, server, viewport={"width": 360, "height": 740})
    stroke(page, SEVEN)
    expect(page.locator("#peek")).to_contain_text("7")
    expect(page.locator("#peek")).to_be_in_viewport()
    page.click("#peek")
    expect(page.locator("#text")).to_be_in_viewport()
