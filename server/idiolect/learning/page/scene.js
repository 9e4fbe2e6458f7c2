// The timeline, drawn: sources, waveform with boundaries, and a ribbon of tokens for each scale.

const SOURCES = 20;
const WAVE = 150;
const ROW = 26;
const AXIS = 22;
const GUTTER = 64;

const scene = {
  width: 1, // of what lies right of the gutter
  pointed: null, // {scale, unit} under the pointer
  rows: [...data.scales].reverse(), // coarsest first: sections over phrases over notes over grains

  height: () => scene.rowTop(scene.rows.length) + setsHeight() + 4 + AXIS,
  share: (x) => Math.min(1, Math.max(0, (x - GUTTER) / scene.width)),
  x: (frame) => GUTTER + ((frame - shown.from) / shown.span) * scene.width,
  rowTop: (row) => SOURCES + WAVE + 8 + row * (ROW + 2),

  // In the waveform, the finest scale; in a ribbon, its own.
  unitUnder(event) {
    if (event.offsetX < GUTTER || !data.frames) return null;
    const frame = shown.from + scene.share(event.offsetX) * shown.span;
    const row = Math.floor((event.offsetY - scene.rowTop(0)) / (ROW + 2));
    if (row >= scene.rows.length) return null;
    const scale = row < 0 ? data.scales[0] : scene.rows[row];
    return { scale, unit: unitAt(scale, frame) };
  },
};

const drawScene = onNextFrame(() => {
  const canvas = document.getElementById("timeline");
  const { context, width, height } = fitted(canvas);
  scene.width = Math.max(1, width - GUTTER);
  context.clearRect(0, 0, width, height);
  context.save();
  context.beginPath();
  context.rect(GUTTER, 0, scene.width, height);
  context.clip();
  drawSources(context);
  drawWave(context, SOURCES, WAVE, GUTTER, scene.width, shown.from, shown.span, variable("--wave"));
  drawBoundaries(context);
  scene.rows.forEach((scale, row) => drawRibbon(context, scale, scene.rowTop(row)));
  drawSets(context, scene.rowTop(scene.rows.length) + 2);
  drawPointed(context);
  drawAxis(context, height - AXIS);
  context.restore();
  drawGutter(context);
  drawOverview();
});

function drawSources(context) {
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  const ink = variable("--soft");
  const shade = variable("--shade");
  const bottom = scene.rowTop(0) - 8;
  data.sources.forEach((source, index) => {
    const left = Math.max(scene.x(source.start), GUTTER);
    const right = Math.min(scene.x(source.start + source.frames), GUTTER + scene.width);
    if (right <= left) return;
    context.fillStyle = shade;
    if (index % 2 === 0) context.fillRect(left, 0, right - left, bottom);
    const room = right - left - 10;
    if (room < 24) return;
    context.fillStyle = ink;
    context.fillText(clipped(context, source.name, room), left + 5, SOURCES / 2);
  });
}

// Shorten a name in its middle until it fits.
function clipped(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  let keep = Math.max(1, Math.floor((text.length * room) / context.measureText(text).width) - 1);
  while (keep > 1 && context.measureText(`${text.slice(0, keep)}…`).width > room) keep -= 1;
  return `${text.slice(0, keep)}…`;
}

// Draw the finest level whose buckets are no thinner than a pixel needs.
function drawWave(context, top, height, left, width, from, length, colour) {
  const perPixel = length / width;
  const levels = data.peaks.levels;
  const level = levels.filter((l) => l.bucket <= perPixel).at(-1) ?? levels[0];
  const count = level.values.length / 2;
  const middle = top + height / 2;
  const reach = (height / 2 - 2) / 127;
  context.fillStyle = colour;
  context.beginPath();
  for (let x = 0; x < width; x += 1) {
    const first = Math.floor((from + x * perPixel) / level.bucket);
    const last = Math.max(first + 1, Math.floor((from + (x + 1) * perPixel) / level.bucket));
    let low = 127;
    let high = -127;
    for (let bucket = first; bucket < Math.min(last, count); bucket += 1) {
      low = Math.min(low, level.values[2 * bucket]);
      high = Math.max(high, level.values[2 * bucket + 1]);
    }
    if (high < low) continue;
    context.rect(left + x, middle - high * reach - 0.4, 1, (high - low) * reach + 0.8);
  }
  context.fill();
}

// The coarser the scale, the thicker its boundaries; what would stand too close is left out.
function drawBoundaries(context) {
  const mark = variable("--mark");
  data.scales.forEach((scale, index) => {
    const first = unitAt(scale, shown.from);
    const last = unitAt(scale, shown.from + shown.span);
    if ((last - first) * 5 > scene.width) return;
    context.fillStyle = mark;
    context.globalAlpha = 0.35 + 0.6 * ((index + 1) / data.scales.length) ** 2;
    const thick = 0.6 + 0.8 * index;
    const inset = 14 * (data.scales.length - 1 - index);
    for (let unit = first; unit <= last; unit += 1) {
      const x = scene.x(scale.starts[unit]);
      context.fillRect(x - thick / 2, SOURCES + inset, thick, WAVE - 2 * inset);
    }
  });
  context.globalAlpha = 1;
}

function drawRibbon(context, scale, top) {
  const first = unitAt(scale, shown.from);
  const last = unitAt(scale, shown.from + shown.span);
  const palette = colours[scale.index];
  const dim = picked.scale === scale ? 0.2 : 1;
  const paint = (unit, left, width) => {
    const token = scale.labels[unit];
    context.globalAlpha = token === picked.token ? 1 : dim;
    context.fillStyle = palette[token];
    context.fillRect(left, top, width, ROW);
    return token;
  };
  if (last - first > scene.width) {
    for (let x = 0; x < scene.width; x += 1) {
      paint(unitAt(scale, shown.from + ((x + 0.5) / scene.width) * shown.span), GUTTER + x, 1);
    }
  } else {
    context.font = "600 12px system-ui, sans-serif";
    context.textBaseline = "middle";
    for (let unit = first; unit <= last; unit += 1) {
      const left = scene.x(scale.starts[unit]);
      const width = scene.x(unitEnd(scale, unit)) - left;
      const token = paint(unit, left, Math.max(0.5, width - (width > 4 ? 1 : 0)));
      if (width < 24) continue;
      context.fillStyle = "#14130f";
      context.fillText(String(token), Math.max(left, GUTTER) + 6, top + ROW / 2 + 0.5);
    }
  }
  context.globalAlpha = 1;
}

function drawPointed(context) {
  if (!scene.pointed) return;
  const { scale, unit } = scene.pointed;
  const left = scene.x(scale.starts[unit]);
  const width = Math.max(1, scene.x(unitEnd(scale, unit)) - left);
  const row = scene.rows.indexOf(scale);
  context.fillStyle = colours[scale.index][scale.labels[unit]];
  context.globalAlpha = 0.28;
  context.fillRect(left, SOURCES, width, WAVE);
  context.globalAlpha = 1;
  context.strokeStyle = variable("--ink");
  context.lineWidth = 2;
  context.strokeRect(left + 0.5, scene.rowTop(row) + 1, Math.max(1, width - 2), ROW - 2);
}

function drawAxis(context, top) {
  const seconds = shown.span / data.rate;
  const wanted = (seconds * 90) / scene.width;
  const steps = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];
  const step = steps.find((s) => s >= wanted) ?? 14400;
  const decimals = step < 0.1 ? 2 : step < 1 ? 1 : 0;
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillStyle = variable("--soft");
  for (let n = Math.ceil(shown.from / data.rate / step); n * step * data.rate <= shown.from + shown.span; n += 1) {
    const x = scene.x(n * step * data.rate);
    context.fillRect(x, top, 1, 5);
    if (x + 44 < GUTTER + scene.width) context.fillText(clock(n * step, decimals), x + 4, top + 12);
  }
}

function drawGutter(context) {
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillStyle = variable("--ink");
  scene.rows.forEach((scale, row) => {
    context.fillText(clipped(context, scale.name, GUTTER - 8), 2, scene.rowTop(row) + ROW / 2);
  });
  if (!data.splits.length) return;
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = variable("--soft");
  const middle = scene.rowTop(scene.rows.length) + 2 + setsHeight() / 2;
  context.fillText(data.splits.length > 1 ? "folds" : "held out", 2, middle);
}

function drawOverview() {
  const { context, width, height } = fitted(document.getElementById("overview"));
  context.clearRect(0, 0, width, height);
  drawWave(context, 0, height, 0, width, 0, data.frames, variable("--quiet"));
  const left = (shown.from / data.frames) * width;
  const size = Math.max(4, (shown.span / data.frames) * width);
  context.save();
  context.beginPath();
  context.rect(left, 0, size, height);
  context.clip();
  drawWave(context, 0, height, 0, width, 0, data.frames, variable("--wave"));
  context.restore();
  context.strokeStyle = variable("--ink");
  context.lineWidth = 1.5;
  context.beginPath();
  context.roundRect(left + 0.75, 0.75, size - 1.5, height - 1.5, 5);
  context.stroke();
}
