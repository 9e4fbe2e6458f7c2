// What of the corpus is shown: moving and zooming, with pointer, wheel and keys.

const shown = { from: 0, span: Math.max(1, data.frames) };
const SHORTEST = Math.min(data.frames, 0.05 * data.rate); // frames across the screen

function show(from, span) {
  shown.span = Math.min(Math.max(span, SHORTEST, 1), Math.max(1, data.frames));
  shown.from = Math.min(Math.max(0, from), Math.max(0, data.frames - shown.span));
  document.body.dataset.shown = `${Math.round(shown.from)}+${Math.round(shown.span)}`;
  drawScene();
}

function zoom(factor, at = 0.5) {
  const anchor = shown.from + at * shown.span;
  const span = Math.min(Math.max(shown.span * factor, SHORTEST), data.frames);
  show(anchor - at * span, span);
}

function listenToKeys(canvas) {
  const keys = {
    ArrowLeft: () => show(shown.from - shown.span / 5, shown.span),
    ArrowRight: () => show(shown.from + shown.span / 5, shown.span),
    PageUp: () => show(shown.from - shown.span, shown.span),
    PageDown: () => show(shown.from + shown.span, shown.span),
    Home: () => show(0, shown.span),
    End: () => show(data.frames, shown.span),
    "+": () => zoom(1 / 1.6),
    "=": () => zoom(1 / 1.6),
    "-": () => zoom(1.6),
    0: () => show(0, data.frames),
    Escape: () => pick(null, -1),
  };
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in keys) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    keys[event.key]();
  });
}

function listenToWheel(canvas) {
  canvas.addEventListener("wheel", (event) => {
    const sideways = event.shiftKey ? event.deltaY || event.deltaX : event.deltaX;
    if (event.ctrlKey || event.metaKey) {
      event.preventDefault();
      zoom(Math.exp(event.deltaY / 250), scene.share(event.offsetX));
    } else if (Math.abs(sideways) > Math.abs(event.shiftKey ? 0 : event.deltaY)) {
      event.preventDefault();
      show(shown.from + (sideways / scene.width) * shown.span, shown.span);
    }
  }, { passive: false });
}

// Dragging moves; a press that hardly moves is a click.
function listenToPointer(canvas) {
  let pressed = null;
  canvas.addEventListener("pointerdown", (event) => {
    pressed = { x: event.clientX, from: shown.from, moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!pressed) return point(event);
    const by = event.clientX - pressed.x;
    pressed.moved ||= Math.abs(by) > 3;
    if (pressed.moved) {
      unhover();
      show(pressed.from - (by / scene.width) * shown.span, shown.span);
    }
  });
  canvas.addEventListener("pointerup", (event) => {
    const click = pressed && !pressed.moved;
    pressed = null;
    if (!click) return;
    const found = scene.unitUnder(event);
    if (found) play(found.scale, found.scale.labels[found.unit]);
  });
  canvas.addEventListener("pointercancel", () => { pressed = null; });
  canvas.addEventListener("pointerleave", () => {
    scene.pointed = null;
    unhover();
    drawScene();
  });
  canvas.addEventListener("dblclick", (event) => {
    const found = scene.unitUnder(event);
    if (!found) return;
    const from = found.scale.starts[found.unit];
    const length = unitEnd(found.scale, found.unit) - from;
    show(from - 0.1 * length, 1.2 * length);
  });
}

function point(event) {
  scene.pointed = scene.unitUnder(event);
  drawScene();
  if (!scene.pointed) return unhover();
  const { scale, unit } = scene.pointed;
  const from = scale.starts[unit];
  const token = scale.labels[unit];
  const length = (unitEnd(scale, unit) - from) / data.rate;
  const many = scale.step > 1 ? `${scale.step} units from ${unit * scale.step}` : `${scale.name} ${unit}`;
  hover(event, `${many} · token ${token}`, [place(from), span(length)], colours[scale.index][token]);
}

// The overview moves the window to where it is pressed.
function listenToOverview(canvas) {
  let held = false;
  const move = (event) => {
    const share = event.offsetX / canvas.clientWidth;
    show(share * data.frames - shown.span / 2, shown.span);
  };
  canvas.addEventListener("pointerdown", (event) => {
    held = true;
    canvas.setPointerCapture(event.pointerId);
    move(event);
  });
  canvas.addEventListener("pointermove", (event) => { if (held) move(event); });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = false; });
}

function openTimeline() {
  const canvas = document.getElementById("timeline");
  canvas.style.height = `${scene.height()}px`;
  listenToKeys(canvas);
  listenToWheel(canvas);
  listenToPointer(canvas);
  listenToOverview(document.getElementById("overview"));
  document.getElementById("zoom-in").addEventListener("click", () => zoom(1 / 1.6));
  document.getElementById("zoom-out").addEventListener("click", () => zoom(1.6));
  document.getElementById("zoom-all").addEventListener("click", () => show(0, data.frames));
  views.push(drawScene);
  openSets();
  const thinned = data.scales.filter((scale) => scale.step > 1);
  document.getElementById("thinned").textContent = thinned
    .map((scale) => `This is a long corpus: of the scale ${scale.name}, one unit in ${scale.step} is drawn.`)
    .join(" ");
  show(0, data.frames);
}
