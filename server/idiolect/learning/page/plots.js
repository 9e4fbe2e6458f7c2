// Lines over settings, in the pixels of their panel: wide panels get wide plots, not large letters.

const TALL = 176; // pixels
const LEFT = 52;
const RIGHT = 14;
const TOP = 12;
const BASE = TALL - 26; // where the axis lies
const LEVELS = ["dotted", "dashed"];

function drawnElement(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// `at` are the places on the axis, `labels` what is written there; a line has a name, a kind (which
// is how it looks), values and perhaps ranges around them; marks are levels to compare with, dotted
// and dashed.
function plot(about) {
  const { title, lines, labels } = about;
  const box = drawnElement("svg", { class: "plot", role: "img", "aria-label": `${title}: ${spoken(about)}` });
  let drawn = 0;
  let place = () => 0;
  views.push(() => {
    const width = Math.floor(box.getBoundingClientRect().width);
    if (width < LEFT + RIGHT + 20 || width === drawn) return;
    drawn = width;
    place = drawPlot(box, about, width);
  });
  box.addEventListener("pointermove", (event) => {
    const pointer = event.clientX - box.getBoundingClientRect().left;
    const places = about.at.map((_, n) => Math.abs(place(n) - pointer));
    const nearest = places.indexOf(Math.min(...places));
    for (const guide of box.querySelectorAll(".guide")) {
      guide.setAttribute("x1", place(nearest));
      guide.setAttribute("x2", place(nearest));
      guide.setAttribute("visibility", "visible");
    }
    hover(event, `${about.axis} ${labels[nearest]}`, lines.filter((line) => known(line.values[nearest]))
      .map((line) => `${line.name}: ${about.write(line.values[nearest])}${around(line.ranges?.[nearest], about.write)}`));
  });
  box.addEventListener("pointerleave", () => {
    unhover();
    for (const guide of box.querySelectorAll(".guide")) guide.setAttribute("visibility", "hidden");
  });
  return make("div", { class: "plotted" }, key(lines, about.marks ?? []), box,
    make("p", { class: "axis-name", "aria-hidden": "true" }, about.axis));
}

const known = (value) => Number.isFinite(value);

function around(range, write) {
  return range && range.every(known) ? ` (${write(range[0])} to ${write(range[1])})` : "";
}

// What a plot shows, for those who do not see it.
function spoken({ lines, labels, write }) {
  return lines.map((line) => `${line.name} ${line.values
    .map((value, n) => (known(value) ? `${labels[n]}: ${write(value)}` : "")).filter(Boolean).join(", ")}`).join("; ");
}

function key(lines, marks) {
  const entries = [
    ...(lines.length > 1 ? lines : []),
    ...marks.filter((mark) => known(mark.value)).map((mark, n) => ({ name: mark.name, kind: LEVELS[n] })),
  ];
  return make("div", { class: "legend" }, ...entries.map(({ name, kind }) => {
    const words = make("span", {}, name);
    words.prepend(make("i", { class: `stroke ${kind}`, "aria-hidden": "true" }));
    return words;
  }));
}

function drawPlot(box, { at, labels, lines, marks = [], chosen = -1, log = false, from, write }, width) {
  const values = [...lines.flatMap((l) => [...l.values, ...(l.ranges ?? []).flat()]), ...marks.map((m) => m.value)];
  const y = scaled(values.filter((value) => known(value) && (!log || value > 0)), log, from);
  const [least, most] = [Math.min(...at), Math.max(...at)];
  const inner = width - LEFT - RIGHT - 16;
  const x = (n) => LEFT + 8 + (most > least ? (at[n] - least) / (most - least) : 0.5) * inner;
  box.replaceChildren();
  box.setAttribute("viewBox", `0 0 ${width} ${TALL}`);
  for (const tick of y.ticks) {
    box.append(drawnElement("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(tick), y2: y(tick) }));
    box.append(drawnElement("text", { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end" }, write(tick)));
  }
  box.append(drawnElement("line", { class: "guide", y1: TOP, y2: BASE, visibility: "hidden" }));
  marks.filter((mark) => known(mark.value)).forEach((mark, n) => {
    const level = y(mark.value);
    box.append(drawnElement("line", { class: `level ${LEVELS[n]}`, x1: LEFT, x2: width - RIGHT, y1: level, y2: level }));
  });
  for (const line of lines) drawLine(box, line, x, y, chosen);
  writeLabels(box, labels, x, chosen);
  return x;
}

function drawLine(box, { kind, values, ranges = [] }, x, y, chosen) {
  const there = values.map((value, n) => ({ n, value })).filter(({ value }) => known(value) && Number.isFinite(y(value)));
  const points = there.map(({ n, value }) => `${x(n).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  box.append(drawnElement("polyline", { class: `curve ${kind}`, points }));
  for (const { n, value } of there) {
    if (ranges[n]?.every(known)) {
      box.append(drawnElement("line", { class: `error ${kind}`, x1: x(n), x2: x(n), y1: y(ranges[n][0]), y2: y(ranges[n][1]) }));
    }
    const here = n === chosen ? "chosen" : "";
    box.append(drawnElement("circle", { class: `${kind} ${here}`, cx: x(n), cy: y(value), r: here ? 4.5 : 3 }));
  }
}

// What is chosen is written first, then short numbers, as far as there is room.
function writeLabels(box, labels, x, chosen) {
  const taken = [];
  const order = labels.map((_, n) => n)
    .sort((a, b) => Number(b === chosen) - Number(a === chosen) || labels[a].length - labels[b].length || a - b);
  for (const n of order) {
    const half = 3.4 * labels[n].length + 4;
    if (taken.some((other) => Math.abs(other.at - x(n)) < other.half + half)) continue;
    taken.push({ at: x(n), half });
    const text = { x: x(n), y: BASE + 16, "text-anchor": "middle", class: n === chosen ? "chosen-label" : "" };
    box.append(drawnElement("text", text, labels[n]));
  }
}

// Pixels of a value, with the round values worth a line.
function scaled(values, log, from) {
  const to = log ? Math.log10 : (value) => value;
  let low = to(values.length ? Math.min(...values) : 1);
  let high = to(values.length ? Math.max(...values) : 1);
  const room = Math.max((high - low) * 0.06, 1e-3);
  low = from === undefined ? low - room : Math.min(from, low);
  high += room;
  const y = (value) => BASE - ((to(value) - low) / (high - low)) * (BASE - TOP);
  y.ticks = (log ? decades(low, high) : rounds(low, high)).filter((tick) => to(tick) >= low && to(tick) <= high);
  return y;
}

function rounds(low, high) {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((s) => s * power >= rough) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, n) => (first + n) * step);
}

function decades(low, high) {
  const parts = high - low > 2 ? [1] : [1, 3];
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, n) => 10 ** (Math.floor(low) + n));
  return powers.flatMap((power) => parts.map((part) => part * power));
}
