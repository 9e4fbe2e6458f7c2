"""The page in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest

from browser import Page, browsing

PAINTED = """(() => [...document.querySelectorAll('canvas')].map(canvas => {
  const pixels = new Uint32Array(
    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
  return new Set(pixels).size;
}))()"""

SETTLED = "new Promise(d => requestAnimationFrame(() => requestAnimationFrame(d)))"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browsing(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 700, 360])
def test_everything_is_painted_without_complaint_and_fits_the_window(
    page: Page, paged: Any, width: int, theme: str
) -> None:
    page.open(paged.path, width=width, theme=theme)
    colours = page.run(PAINTED)
    assert len(colours) == 2 + len(paged.data["scales"])
    assert min(colours) > 1
    assert page.run("document.documentElement.scrollWidth") <= width
    assert page.complaints == []
    assert {address.partition(":")[0] for address in page.asked} == {"file"}
    assert all(address.endswith("report.html") for address in page.asked)


def test_the_exemplars_decode_to_about_the_length_of_their_units(page: Page, paged: Any) -> None:
    page.open(paged.path)
    lengths = page.run("""(async () => {
      const about = JSON.parse(document.getElementById('data').textContent);
      const context = new OfflineAudioContext(1, 1, 48000);
      const found = [];
      for (const scale of about.scales) for (const [token, text] of scale.clips.data.entries()) {
        const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
        const buffer = await context.decodeAudioData(bytes.buffer);
        const loudest = Math.max(...buffer.getChannelData(0).map(Math.abs));
        found.push([scale.exemplars[token].frames / about.rate, buffer.duration, loudest]);
      }
      return found;
    })()""")
    assert len(lengths) == sum(scale["tokens"] for scale in paged.data["scales"])
    for unit, heard, loudest in lengths:
        assert heard == pytest.approx(min(unit, 2.0), abs=0.15)
        assert loudest > 0.02


def test_a_pressed_token_is_picked_said_and_heard(page: Page, paged: Any) -> None:
    page.open(paged.path)
    before = page.run("document.querySelector('[data-map=note]').toDataURL()")
    page.run("document.querySelector('[aria-label=note] .pad:nth-child(4)').click()")
    page.run(
        "new Promise(done => { const look = () => document.body.dataset.played"
        " ? done() : setTimeout(look, 10); look(); })"
    )
    page.run(SETTLED)
    assert page.run("document.body.dataset.picked") == "note:3"
    assert page.run("document.body.dataset.played") == "note:3"
    pressed = page.run("document.querySelectorAll('.pad[aria-pressed=true]').length")
    assert pressed == 1
    assert "Token 3" in page.run("document.querySelector('[aria-label=note] .said').textContent")
    assert page.run("document.querySelector('[data-map=note]').toDataURL()") != before


def test_a_ribbon_and_a_map_answer_the_pointer(page: Page, paged: Any) -> None:
    page.open(paged.path)
    for name, x, y in (("#timeline", 0.5, 0.9), ("[data-map=grain]", None, None)):
        box = page.run(
            f"(() => {{ const c = document.querySelector('{name}'); c.scrollIntoView();"
            " const b = c.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; })()"
        )
        if x is None:  # over the first exemplar
            scale = paged.data["scales"][0]
            place = page.run(
                "(() => { const a = new Int16Array(Uint8Array.from(atob("
                f"'{scale['map']['points']}'), l => l.charCodeAt(0)).buffer);"
                " return [a[0] / 32767, -a[1] / 32767]; })()"
            )
            left, top = (box[2] / 2 + value * (box[2] / 2 - 16) for value in place)
        else:
            left, top = x * box[2], y * box[3] - 12
        at = {"x": box[0] + left, "y": box[1] + top, "button": "left", "clickCount": 1}
        page.run("document.body.dataset.picked = ''")
        page.call("Input.dispatchMouseEvent", type="mouseMoved", **at)
        assert "token" in page.run("document.getElementById('hover').textContent")
        page.call("Input.dispatchMouseEvent", type="mousePressed", **at)
        page.call("Input.dispatchMouseEvent", type="mouseReleased", **at)
        page.run(SETTLED)
        assert page.run("document.body.dataset.picked").startswith("grain:")
    assert page.complaints == []


def test_keys_zoom_and_move_and_go_back(page: Page, paged: Any) -> None:
    page.open(paged.path)
    whole = page.run("document.body.dataset.shown")
    assert whole == f"0+{paged.data['frames']}"
    seen = [whole]
    for key in ("+", "+", "ArrowRight", "-", "End"):
        page.run(
            "document.getElementById('timeline').dispatchEvent("
            f"new KeyboardEvent('keydown', {{key: '{key}'}}))"
        )
        seen.append(page.run("document.body.dataset.shown"))
    assert len(set(seen)) == len(seen)
    page.run("document.getElementById('zoom-all').click()")
    assert page.run("document.body.dataset.shown") == whole


def test_hostile_names_stay_text(page: Page, paged: Any) -> None:
    page.open(paged.path)
    assert page.run("document.body.dataset.hacked") is None
    assert page.run("document.images.length") == 0
    name = paged.manifest["sources"][0]["name"]
    assert page.run("document.getElementById('name').textContent") == f"{name}.idiolect"
    assert name in page.run("document.getElementById('made').textContent")


def test_the_policy_forbids_the_network_and_foreign_scripts(page: Page, paged: Any) -> None:
    page.open(paged.path)
    assert page.run("fetch('data:text/plain,x').then(() => 'came', () => 'refused')") == "refused"
    page.run(
        "(() => { const s = document.createElement('script');"
        " s.textContent = 'document.body.dataset.foreign = 1'; document.body.append(s); })()"
    )
    assert page.run("document.body.dataset.foreign") is None
    assert page.complaints  # the browser says what it refused
    page.complaints.clear()
