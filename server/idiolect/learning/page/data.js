// What the page is about: the block of data, decoded, and how its values are said and coloured.

const data = JSON.parse(document.getElementById("data").textContent);

function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}

for (const level of data.peaks.levels) level.values = new Int8Array(bytes(level.values));
data.scales.forEach((scale, index) => {
  scale.index = index;
  scale.starts = Float64Array.from(new Uint32Array(bytes(scale.starts)), (s) => s * scale.tick);
  scale.labels = new Uint16Array(bytes(scale.labels));
  scale.points = new Int16Array(bytes(scale.map.points));
  scale.anchors = new Int16Array(bytes(scale.map.anchors));
});

// What is picked: one token of one scale, or nothing.  Views that show it add themselves.
const picked = { scale: null, token: -1 };
const views = [];

function pick(scale, token) {
  picked.scale = scale;
  picked.token = token;
  document.body.dataset.picked = scale ? `${scale.name}:${token}` : "";
  for (const show of views) show();
}

// The index of the drawn unit that holds a frame.
function unitAt(scale, frame) {
  let low = 0;
  let high = scale.starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (scale.starts[middle] <= frame) low = middle;
    else high = middle;
  }
  return low;
}

function unitEnd(scale, unit) {
  return unit + 1 < scale.starts.length ? scale.starts[unit + 1] : data.frames;
}

function sourceAt(frame) {
  let low = 0;
  let high = data.sources.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (data.sources[middle].start <= frame) low = middle;
    else high = middle;
  }
  return data.sources[low];
}

// Hues a golden angle apart, going on from one scale's vocabulary to the next.
const colours = [];

function recolour() {
  const style = getComputedStyle(document.documentElement);
  const light = Number(style.getPropertyValue("--light"));
  const chroma = Number(style.getPropertyValue("--chroma"));
  let count = 0;
  data.scales.forEach((scale, index) => {
    colours[index] = Array.from({ length: scale.tokens }, () => {
      const hue = (count * 137.508 + 25) % 360;
      const lightness = light + 0.045 * ((count % 3) - 1);
      count += 1;
      return `oklch(${lightness.toFixed(3)} ${chroma} ${hue.toFixed(1)})`;
    });
  });
}

function variable(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// Words.

function clock(seconds, decimals = 0) {
  const unit = 10 ** decimals;
  const whole = Math.round(seconds * unit) / unit;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const rest = (whole % 60).toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

function span(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  return seconds < 60 ? `${seconds.toFixed(seconds < 10 ? 2 : 1)} s` : clock(seconds);
}

function several(count, noun) {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

function listing(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function place(frame) {
  const source = sourceAt(frame);
  return `${source.name} at ${clock((frame - source.start) / data.rate, 2)}`;
}

// Elements: text goes in as text, whatever it holds.

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function swatch(colour) {
  const mark = make("i", { "aria-hidden": "true" });
  mark.style.background = colour;
  return mark;
}

function hover(event, title, lines, colour) {
  const box = document.getElementById("hover");
  const first = make("b", {}, title);
  if (colour) first.prepend(swatch(colour));
  box.replaceChildren(first, ...lines.flatMap((line) => [line, make("br")]));
  box.hidden = false;
  const { width, height } = box.getBoundingClientRect();
  const left = Math.min(event.clientX + 14, innerWidth - width - 8);
  const below = event.clientY + 18;
  box.style.left = `${Math.max(8, left)}px`;
  box.style.top = `${below + height > innerHeight ? event.clientY - height - 12 : below}px`;
}

function unhover() {
  document.getElementById("hover").hidden = true;
}

// Make a canvas as fine as the screen, and give its context in CSS pixels.
function fitted(canvas) {
  const ratio = devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(width * ratio));
  canvas.height = Math.max(1, Math.round(height * ratio));
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  return { context, width, height };
}

// Many wishes to draw within one frame of the screen become one.
function onNextFrame(draw) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  };
}
