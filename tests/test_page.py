"""The page in a real browser: drawing, files, servers that are lost or busy."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page, Route, expect

from browsing import SEVEN, opened, photo_in, stroke
from drawing import digit
from test_pages import LINES
from test_server import Server, served


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with served() as server:
        yield server


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return photo_in(tmp_path)


def test_strokes_are_read_as_they_are_drawn(browser: Browser, server: Server) -> None:
    page = opened(browser, server)
    stroke(page, SEVEN)
    expect(page.locator("#text")).to_have_text("7")
    stroke(page, [(0.6, 0.25), (0.56, 0.5), (0.68, 0.5)])
    stroke(page, [(0.66, 0.3), (0.64, 0.8)])
    expect(page.locator("#text")).to_have_text("74")
    expect(page.locator("#digits li")).to_have_count(2)
    expect(page.locator("#steps li").first).to_be_visible()
    page.click("#undo")
    page.click("#undo")
    expect(page.locator("#text")).to_have_text("7")
    page.click("#clear")
    expect(page.locator("#read")).to_be_hidden()


def test_a_file_is_read_and_can_be_taken_away(browser: Browser, server: Server, photo: Path) -> None:
    page = opened(browser, server)
    page.set_input_files("#file", photo)
    expect(page.locator("#text")).to_have_text("\n".join(LINES), use_inner_text=True)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click("#copy")
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "\n".join(LINES)
    (record,) = json.loads(saved(page, "#save-json", "page.json"))
    assert (record["input"], record["text"], record["status"]) == ("page.png", "\n".join(LINES), "ok")
    assert record.keys() == server_record(server, photo).keys()
    head, row = csv.reader(io.StringIO(saved(page, "#save-csv", "page.csv").decode()))
    assert head == ["input", "page", "text", "status", "confidence", "error"]
    assert row[:4] == ["page.png", "1", "\n".join(LINES), "ok"]
    with Image.open(io.BytesIO(saved(page, "#save-picture", "page.read.png"))) as marked, Image.open(photo) as given:
        assert marked.size == given.size
        assert ImageChops.difference(marked.convert("RGB"), given.convert("RGB")).getbbox()


def saved(page: Page, button: str, name: str) -> bytes:
    with page.expect_download() as download:
        page.click(button)
    assert download.value.suggested_filename == name
    return download.value.path().read_bytes()


def server_record(server: Server, file: Path) -> dict[str, Any]:
    record: dict[str, Any] = server.json("POST", "/v1/read?probabilities=true", file.read_bytes())[0]
    return record


def test_a_picture_can_be_pasted(browser: Browser, server: Server) -> None:
    page = opened(browser, server)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    data = cv2.imencode(".png", digit("4"))[1].tobytes()
    page.evaluate(
        """bytes => navigator.clipboard.write([
            new ClipboardItem({"image/png": new Blob([new Uint8Array(bytes)], {type: "image/png"})})])""",
        list(data),
    )
    page.keyboard.press("Control+V")
    expect(page.locator("#text")).to_have_text("4")


def test_a_photograph_that_lies_on_its_side_is_shown_upright(browser: Browser, server: Server, photo: Path) -> None:
    with Image.open(photo) as given:
        given.transpose(Image.Transpose.ROTATE_90).save(photo)
        width, height = given.size
    page = opened(browser, server)
    page.set_input_files("#file", photo)
    expect(page.locator("#text")).to_have_text("\n".join(LINES), use_inner_text=True)
    expect(page.locator("#picture-boxes .box")).to_have_count(len("".join(LINES).replace(" ", "")))
    shown = page.evaluate(
        "[document.getElementById('picture-img').naturalWidth, document.getElementById('picture-img').naturalHeight]"
    )
    assert shown == [width, height]
    page.locator("#picture-boxes .box").nth(1).click()
    expect(page.locator("#detail-title")).to_contain_text("2: 0")


def test_a_file_can_be_dropped(browser: Browser, server: Server) -> None:
    page = opened(browser, server)
    data = cv2.imencode(".png", digit("4"))[1].tobytes()
    page.evaluate(
        """bytes => {
            const data = new DataTransfer()
            data.items.add(new File([new Uint8Array(bytes)], "4.png", {type: "image/png"}))
            for (const type of ["dragenter", "dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data}))
        }""",
        list(data),
    )
    expect(page.locator("#text")).to_have_text("4")


def test_what_is_no_picture_gets_a_sentence(browser: Browser, server: Server, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    page = opened(browser, server)
    page.set_input_files("#file", tmp_path / "notes.txt")
    expect(page.locator("#trouble-words")).to_contain_text("not a picture")
    page.locator("[data-example='digit.png']").click()
    expect(page.locator("#text")).to_have_text("4")
    expect(page.locator("#trouble")).to_be_hidden()


def test_a_lost_server_gets_a_sentence(browser: Browser, server: Server) -> None:
    page = opened(browser, server)
    page.route("**/v1/read**", lambda route: route.abort())
    stroke(page, SEVEN)
    expect(page.locator("#trouble-words")).to_be_visible()
    page.unroute("**/v1/read**")
    page.click("#retry")
    expect(page.locator("#text")).to_have_text("7")


def test_a_token_is_asked_for_once(browser: Browser) -> None:
    with served(token="geheim") as server:
        page = opened(browser, server)
        stroke(page, SEVEN)
        page.fill("#token-field", "falsch")
        page.keyboard.press("Enter")
        expect(page.locator("#token-again")).to_be_visible()
        page.fill("#token-field", "geheim")
        page.keyboard.press("Enter")
        expect(page.locator("#text")).to_have_text("7")
        page.reload()
        stroke(page, SEVEN)
        expect(page.locator("#text")).to_have_text("7")


def test_pages_of_a_document_follow_each_other(browser: Browser, server: Server, tmp_path: Path) -> None:
    first, *more = [Image.fromarray(digit(label)) for label in "47"]
    first.save(tmp_path / "pages.tif", save_all=True, append_images=more)  # which no browser here shows by itself
    page = opened(browser, server)
    page.set_input_files("#file", tmp_path / "pages.tif")
    expect(page.locator("#where")).to_have_text("1 of 2")
    expect(page.locator("#picture-img")).to_be_visible()
    page.click("#next")
    expect(page.locator("#text")).to_have_text("7")
    expect(page.locator("#next")).to_be_disabled()


def test_one_bad_file_keeps_no_others_back(browser: Browser, server: Server, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(photo.read_bytes()[:200])
    (tmp_path / "empty.png").write_bytes(b"")
    page = opened(browser, server, locale="ru-RU")
    page.set_input_files("#file", [tmp_path / "broken.png", tmp_path / "empty.png", photo])
    expect(page.locator("#where")).to_have_text("1 из 3")
    expect(page.locator("#trouble-words")).to_contain_text("Файл повреждён")
    page.click("#next")
    expect(page.locator("#trouble-words")).to_contain_text("Файл пустой")
    page.click("#next")
    expect(page.locator("#text")).to_have_text("\n".join(LINES), use_inner_text=True)


def test_a_busy_server_is_asked_once_more(browser: Browser, server: Server) -> None:
    asked = []

    def busy_at_first(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) > 1:
            return route.continue_()
        return route.fulfill(status=503, headers={"Retry-After": "1"}, body='{"kind": "busy"}')

    page = opened(browser, server)
    page.route("**/v1/read**", busy_at_first)
    page.locator("[data-example='digit.png']").click()
    expect(page.locator("#text")).to_have_text("4")
    assert len(asked) == 2
