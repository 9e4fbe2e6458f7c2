"""The page of sliders in a headless browser, against a daemon that plays."""

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from browser import Page, browsing
from idiolect.client import Client
from idiolect.config.config import load
from idiolect.control import ControlServer
from idiolect.daemon.app import App
from idiolect.parameters.bias import voice_parameters
from idiolect.parameters.table import MASTER
from recording import RecordingPlayer, player, quits, server, tape

__all__ = ["player", "quits", "server", "tape"]  # fixtures

VOICES = 2
KEYS = {"ArrowRight": 39, "ArrowLeft": 37, " ": 32}


@pytest.fixture(scope="module")
def app(learned: Path) -> Iterator[App]:
    config = load(
        flags={
            "audio.output": "null", "control.port": 0, "performance.voices": VOICES,
            "performance.autostart": 0,
        }
    )  # fmt: skip
    with App(learned, config) as app:
        yield app


@pytest.fixture(scope="module")
def client(app: App) -> Iterator[Client]:
    with Client(port=app.control.address[1]) as client:
        yield client


@pytest.fixture(scope="module")
def opened(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(opened: Page, app: App) -> Page:
    assert app.control.http_address is not None
    opened.open("http://{}:{}/".format(*app.control.http_address))
    return opened


def find(path: str) -> str:
    return f"document.getElementById({path!r})"


def wait(true: Callable[[], Any]) -> Any:
    """Wait until something holds; give it."""
    end = time.monotonic() + 10
    while not (found := true()) and time.monotonic() < end:
        time.sleep(0.02)
    assert found
    return found


def drag(page: Page, path: str, to: float) -> None:
    """Pull a slider's handle to a share of its way, with the mouse."""
    at, left, top, width = page.run(
        f"(() => {{ const s = {find(path)}; s.scrollIntoView({{block: 'center'}});"
        " const b = s.getBoundingClientRect();"
        " return [(s.value - s.min) / (s.max - s.min), b.left, b.top + b.height / 2, b.width]; })()"
    )
    inset = 8  # of the handle's middle at either end
    places = [left + inset + share * (width - 2 * inset) for share in (at, (at + to) / 2, to)]
    for kind, x in zip(("mousePressed", "mouseMoved", "mouseMoved"), places, strict=True):
        page.call("Input.dispatchMouseEvent", type=kind, x=x, y=top, button="left", clickCount=1)
    page.call("Input.dispatchMouseEvent", type="mouseReleased", x=places[-1], y=top, button="left",
              clickCount=1)  # fmt: skip


def press(page: Page, key: str) -> None:
    text = {"text": key} if len(key) == 1 else {}
    about = {"key": key, "windowsVirtualKeyCode": KEYS[key], **text}
    page.call("Input.dispatchKeyEvent", type="keyDown", **about)
    page.call("Input.dispatchKeyEvent", type="keyUp", **about)


def test_there_is_something_to_move_for_every_parameter(page: Page, app: App) -> None:
    there = set(page.run("[...document.querySelectorAll('.row [id]')].map(each => each.id)"))
    own = voice_parameters(app.player.descriptors)
    assert there == {f"/{name}" for name in MASTER} | {
        f"/voice/{voice}/{name}" for voice in range(1, VOICES + 1) for name in own
    }
    assert page.complaints == []


def test_each_says_what_it_is_and_in_what_unit(page: Page) -> None:
    assert page.run(f"{find('/voice/1/gain')}.labels[0].textContent") == "gain dB"
    assert page.run(f"{find('/voice/1/repetition_window')}.labels[0].textContent") == (
        "repetition window s"
    )
    assert "Loudness" in page.run(f"{find('/voice/1/gain')}.ariaDescription")
    assert page.run(f"{find('/voice/1/run')}.role") == "switch"
    unlabelled = "[...document.querySelectorAll('input, select, button')].filter("
    unlabelled += "e => !e.labels?.length && !e.ariaLabel && !e.textContent).length"
    assert page.run(unlabelled) == 0


def test_a_slider_that_is_moved_turns_the_parameter(page: Page, app: App, client: Client) -> None:
    client["/voice/1/temperature"] = 1
    client.sync()
    wait(lambda: page.run(f"{find('/voice/1/temperature')}.value") == "0.25")
    drag(page, "/voice/1/temperature", 0.75)
    wait(lambda: app.player.get("temperature", 1) == pytest.approx(3, abs=0.1))
    turned = app.player.get("temperature", 1)
    exact = f"+{find('/voice/1/temperature')}.parentElement.querySelector('[type=number]').value"
    wait(lambda: page.run(exact) == pytest.approx(turned, abs=0.01))
    time.sleep(0.5)  # what it hears of itself does not move it again
    assert app.player.get("temperature", 1) == turned
    assert 4 * float(page.run(f"{find('/voice/1/temperature')}.value")) == pytest.approx(turned)


def test_it_follows_what_is_turned_elsewhere_along_its_curve(page: Page, client: Client) -> None:
    for path, value, place in (
        ("/voice/2/gain", -12, None), ("/voice/2/lowpass", 632.5, 0.5), ("/voice/2/loop", 16, 16),
    ):  # fmt: skip
        client[path] = value
        expected = client[f"/norm{path}"] if place is None else place
        wait(
            lambda path=path, expected=expected: (
                float(page.run(f"{find(path)}.value")) == pytest.approx(expected, abs=2e-3)
            )
        )
    client["/voice/2/scale"] = "note"
    client["/voice/2/freeze"] = 1
    wait(lambda: page.run(f"{find('/voice/2/scale')}.selectedOptions[0].textContent") == "note")
    wait(lambda: page.run(f"{find('/voice/2/freeze')}.checked"))


def test_everything_can_be_done_with_the_keyboard(page: Page, app: App, client: Client) -> None:
    client["/voice/1/run"] = client["/voice/1/quality"] = 0
    wait(lambda: not page.run(f"{find('/voice/1/run')}.checked"))
    page.run(f"{find('/voice/1/run')}.focus()")
    press(page, " ")
    wait(lambda: app.player.get("run", 1) == 1)
    assert "1 speaks" in page.run("document.querySelector('footer').textContent")
    wait(lambda: page.run(f"{find('/voice/1/quality')}.value") == "0")  # what was set is there
    page.run(f"{find('/voice/1/quality')}.focus()")
    for quality in (1, 2):
        press(page, "ArrowRight")
        wait(lambda: app.player.get("quality", 1) == quality)  # noqa: B023 - called at once
    press(page, "ArrowLeft")
    wait(lambda: app.player.get("quality", 1) == 1)


def test_a_number_can_be_typed_and_is_told_as_it_was_taken(
    page: Page, app: App, client: Client
) -> None:
    exact = f"{find('/gain')}.parentElement.querySelector('[type=number]')"
    page.run(f"{exact}.value = 99; {exact}.dispatchEvent(new Event('change'))")
    wait(lambda: app.player.get("gain", 0) == 12)
    wait(lambda: page.run(f"{exact}.value") == "12")
    page.run(f"{exact}.value = ''; {exact}.dispatchEvent(new Event('change'))")
    wait(lambda: page.run(f"{exact}.value") == "12")  # emptied: it is as it was
    assert app.player.get("gain", 0) == 12
    client["/gain"] = 0


def test_a_button_asks_for_a_seed(page: Page, app: App, client: Client) -> None:
    buttons = "[...document.querySelectorAll('button')].map(each => each.textContent)"
    assert {"seed random", "seed clear", "cut", "allow all"} <= set(page.run(buttons))
    assert "quit" not in page.run(buttons)
    before = client.status()["cuts"]
    client["/voice/1/run"] = 1
    button = "[...document.querySelectorAll('button')].find(b => b.textContent == 'cut')"
    page.run(f"{button}.click()")
    wait(lambda: client.status()["cuts"] > before)


def test_nothing_is_fetched_from_elsewhere_and_nothing_complains(page: Page, app: App) -> None:
    assert app.control.http_address is not None
    home = "http://{}:{}/".format(*app.control.http_address)
    assert {url.partition("?")[0] for url in page.asked if not url.startswith("data:")} == {home}
    assert page.complaints == []


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_it_fits_phones_and_walls(page: Page, app: App, width: int) -> None:
    assert app.control.http_address is not None
    page.open("http://{}:{}/".format(*app.control.http_address), width=width, height=800)
    assert page.run("document.documentElement.scrollWidth") <= width
    low = "Math.min(...[...document.querySelectorAll('details[open] > .row')]"
    assert page.run(f"{low}.map(each => each.getBoundingClientRect().height))") >= 44


def test_the_page_of_the_clients_is_the_one_the_daemon_serves() -> None:
    root = Path(__file__).parents[2]
    served = (root / "server/idiolect/control/panel.html").read_bytes()
    assert (root / "clients/browser/index.html").read_bytes() == served


def test_it_goes_on_with_the_daemon_that_takes_the_first_ones_place(
    opened: Page, server: ControlServer, player: RecordingPlayer
) -> None:
    assert server.http_address is not None
    (host, osc), (_, web) = server.address, server.http_address
    opened.open(f"http://{host}:{web}/")
    server.stop()
    away = "document.body.classList.contains('away')"
    wait(lambda: opened.run(away))
    player.voices, player.values["pan", 1] = 1, 0.5
    again = ControlServer(player, host, osc, lambda: None, http_port=web)
    again.start()
    wait(lambda: not opened.run(away))
    wait(lambda: opened.run(f"{find('/voice/1/pan')}.value") == "0.75")
    assert not opened.run(f"!!{find('/voice/2/pan')}")
    again.stop()


def test_the_first_lines_of_its_page_make_sound(opened: Page, heard: App) -> None:
    text = (Path(__file__).parents[2] / "clients/browser/README.md").read_text()
    lines = text.split("```js\n")[1].split("```")[0].splitlines()
    assert len(lines) == 5
    assert heard.control.http_address is not None
    opened.open("http://{}:{}/".format(*heard.control.http_address))
    *first, last = lines
    for line in first:
        opened.run(line)
        time.sleep(0.4)
    assert heard.player.get("run", 1) == 1
    assert heard.player.get("temperature", 1) == pytest.approx(1.4)
    assert heard.player.get("scale", 1) == 1
    opened.run(last)
    wait(lambda: heard.player.get("run", 1) == 0)
    assert opened.complaints == []


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The folder of the clients, served as a web site of its own; its origin."""
    folder = Path(__file__).parents[2] / "clients/browser"
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=str(folder))) as site:
        thread = threading.Thread(target=site.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()
        thread.join()


def test_sixty_lines_have_a_slider_for_every_parameter_of_a_daemon_that_names_them(
    opened: Page, elsewhere: str, player: RecordingPlayer
) -> None:
    page = Path(__file__).parents[2] / "clients/browser/sliders.html"
    assert len(page.read_text().splitlines()) <= 60
    server = ControlServer(player, "127.0.0.1", 0, lambda: None, http_port=0, origins=(elsewhere,))
    server.start()
    assert server.http_address is not None
    opened.open(f"{elsewhere}/sliders.html?daemon=127.0.0.1:{server.http_address[1]}")
    there = set(opened.run("[...sliders.keys()]"))
    own = voice_parameters(player.descriptors)
    assert there == {f"/{name}" for name in MASTER} | {
        f"/voice/{voice}/{name}" for voice in range(1, player.voices + 1) for name in own
    }
    slider = "sliders.get('/voice/1/temperature')"
    opened.run(f"{slider}.value = 1.5, {slider}.oninput()")
    wait(lambda: player.values["temperature", 1] == pytest.approx(1.5))
    wait(lambda: opened.run(f"{slider}.nextSibling.textContent") == "1.5")
    assert opened.complaints == []
    server.stop()


def test_a_daemon_that_does_not_name_them_is_neither_read_nor_steered(
    opened: Page, elsewhere: str, server: ControlServer
) -> None:
    assert server.http_address is not None
    place = f"127.0.0.1:{server.http_address[1]}"
    opened.open(f"{elsewhere}/sliders.html?daemon={place}", ready="typeof sliders === 'object'")
    wait(lambda: opened.run("socket.readyState") == 3)  # closed
    assert opened.run(f"fetch('http://{place}/').then(() => 'read', () => 'refused')") == "refused"
    assert opened.run("sliders.size") == 0
