"""The page in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import Page, browsing
from idiolect.bundle.bundle import EVALUATION, PAGE
from idiolect.learning.page.writing import write_page

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


PLOTS = """[...document.querySelectorAll('svg.plot')].map(svg => {
  const box = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect());
  const axis = texts.filter(t => t.top > box.bottom - 24).sort((a, b) => a.left - b.left);
  return {
    name: svg.getAttribute('aria-label').split(':')[0],
    inside: texts.every(t => t.left >= box.left - 1 && t.right <= box.right + 1
      && t.top >= box.top - 1 && t.bottom <= box.bottom + 1),
    apart: axis.every((t, n) => !n || axis[n - 1].right <= t.left),
    nonsense: /NaN|undefined|Infinity/.test(svg.outerHTML),
    points: svg.querySelectorAll('circle').length, chosen: svg.querySelectorAll('circle.chosen').length,
  };
})"""


@pytest.mark.parametrize("width", [1400, 700, 360])
def test_every_plot_is_legible(page: Page, paged: Any, width: int) -> None:
    page.open(paged.path, width=width)
    plots = page.run(PLOTS)
    names = [plot["name"] for plot in plots]
    assert len(names) == len(set(names)) == 2 + 6  # orders and sizes, and what one scale says
    for plot in plots:
        assert plot["inside"], plot
        assert plot["apart"], plot
        assert not plot["nonsense"], plot
        assert plot["points"] >= 3
    assert {plot["name"]: plot["points"] for plot in plots}[
        "Bits per token by order of n-gram"
    ] == 5
    chosen = {plot["name"]: plot["chosen"] for plot in plots}
    assert chosen["How long it copies, by continuity"] == 3
    assert chosen["Bits per second by number of tokens"] == 1


def test_a_plot_answers_the_pointer_with_its_values(page: Page, paged: Any) -> None:
    page.open(paged.path)
    code = (
        "(() => { const svg = [...document.querySelectorAll('svg.plot')].find(s =>"
        " s.getAttribute('aria-label').startsWith('How long it copies, by continuity'));"
        " svg.scrollIntoView({ block: 'center' }); const b = svg.getBoundingClientRect();"
        " return [b.right - 20, b.y + 60]; })()"
    )
    x, y = page.run(code)
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
    said = page.run("document.getElementById('hover').textContent")
    assert "continuity 1" in said
    assert all(word in said for word in ("longest", "any moment", "median"))


def test_each_fold_is_shown_and_what_it_says_beside_what_the_corpus_uses(
    page: Page, paged: Any
) -> None:
    page.open(paged.path)
    assert "2 folds" in page.run("document.getElementById('sets').textContent")
    marks = [
        page.run(f"document.querySelectorAll('[aria-label={name}] .usage b').length")
        for name in ("grain", "note")
    ]
    assert marks == [paged.data["scales"][0]["tokens"], 0]


def test_where_nobody_listened_the_page_says_how_to(page: Page, paged: Any, tmp_path: Path) -> None:
    folder = tmp_path / "unheard.idiolect"
    shutil.copytree(paged.folder, folder)
    (folder / EVALUATION).unlink()
    write_page(folder, paged.manifest | {"splits": []})
    page.open(folder / PAGE)
    assert page.complaints == []
    assert "idiolect evaluate" in page.run("document.getElementById('speech').textContent")
    assert len(page.run(PLOTS)) == 2
    assert page.run("document.getElementById('sets')") is None


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
