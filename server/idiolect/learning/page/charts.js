// Vocabulary, figures and tables, as elements.

function titled(title, ...children) {
  return make("div", {}, make("h3", {}, title), ...children);
}

// One button for each token: press to hear it.
function pads(scale) {
  const box = make("div", { class: "pads", role: "group", "aria-label": `Tokens of ${scale.name}` });
  scale.exemplars.forEach((exemplar, token) => {
    const pad = make("button", { type: "button", class: "pad", "aria-pressed": "false" }, String(token));
    pad.setAttribute("aria-label", `${scale.name} token ${token}, ${several(scale.counts[token], "unit")}`);
    if (!scale.clips.data[token]) pad.classList.add("silent");
    pad.addEventListener("click", () => play(scale, token));
    box.append(pad);
  });
  views.push(() => {
    [...box.children].forEach((pad, token) => {
      pad.style.background = colours[scale.index][token];
      pad.setAttribute("aria-pressed", String(picked.scale === scale && picked.token === token));
    });
  });
  return box;
}

// What is picked, in words.
function said(scale) {
  const line = make("p", { class: "said", "aria-live": "polite" });
  views.push(() => {
    const token = picked.token;
    const exemplar = picked.scale === scale ? scale.exemplars[token] : null;
    if (picked.scale !== scale) line.textContent = "Press a token to hear the unit that stands for it.";
    else if (!exemplar) line.textContent = `Token ${token} has no units.`;
    else {
      const share = (100 * scale.counts[token]) / scale.units;
      const silent = scale.clips.data[token] ? "" : "; its sound did not fit in this page";
      line.textContent =
        `Token ${token}: ${several(scale.counts[token], "unit")}, ${share.toFixed(1)} % of all. ` +
        `What stands for it: ${place(exemplar.start)}, ${span(exemplar.frames / data.rate)}${silent}.`;
    }
  });
  return line;
}

function usage(scale) {
  const order = scale.counts.map((_, token) => token).sort((a, b) => scale.counts[b] - scale.counts[a]);
  const most = Math.max(1, ...scale.counts);
  const box = make("div", { class: "usage", "aria-hidden": "true" });
  for (const token of order) {
    const bar = make("i");
    bar.style.height = `${(100 * scale.counts[token]) / most}%`;
    bar.addEventListener("click", () => play(scale, token));
    bar.addEventListener("pointermove", (event) =>
      hover(event, `token ${token}`, [several(scale.counts[token], "unit")], colours[scale.index][token]));
    bar.addEventListener("pointerleave", unhover);
    box.append(bar);
  }
  views.push(() => order.forEach((token, n) => {
    box.children[n].style.background = colours[scale.index][token];
    box.children[n].classList.toggle("picked", picked.scale === scale && picked.token === token);
  }));
  return titled(`How often each occurs: from ${most.toLocaleString("en")} down`, box);
}

const GUESSERS = [
  ["uniform", "all tokens alike"],
  ["unigram", "how often each occurs"],
  ["best_ngram", "the best n-gram"],
  ["network", "the network"],
  ["mixture_no_parent", "network and memory"],
  ["mixture", "and the class around it"],
];

// Bits per token of each way of guessing, on what was held out.
function guesses(scale) {
  const { units, bits_per_token: bits } = scale.figures;
  if (!units) {
    return titled("How well the next token is guessed",
      make("p", { class: "note" }, "Too little audio to hold any out and judge by it."));
  }
  const known = GUESSERS.filter(([key]) => Number.isFinite(bits[key]));
  const most = Math.max(...known.map(([key]) => bits[key]), 1e-9);
  const box = make("div", { class: "bars" });
  for (const [key, words] of known) {
    const own = key.startsWith("mixture") ? "own" : "";
    const bar = make("i", { class: own });
    bar.style.width = `${(100 * bits[key]) / most}%`;
    box.append(make("span", { class: own }, words), make("div", { class: "track" }, bar),
      make("span", { class: `number ${own}` }, bits[key].toFixed(2)));
  }
  return titled("Bits to say the next token, knowing …", box,
    make("p", { class: "note" },
      `Fewer is better; ${several(units, "unit")} of audio it had not learned from. ${scale.speaks}`));
}

function drawnElement(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

// Information rate over the size of the vocabulary, and the size that was taken.
function sizes(scale) {
  const choice = scale.size_choice;
  const tried = (choice?.sizes ?? [])
    .map((size, n) => ({ size, rate: choice.rates?.[n], error: choice.errors?.[n] ?? 0 }))
    .filter(({ size, rate }) => size > 0 && Number.isFinite(rate));
  const why = choice?.why ? [make("p", { class: "note" }, choice.why)] : [];
  if (!tried.length) return why.length ? titled("Why this many tokens", ...why) : "";
  const high = Math.max(...tried.map((t) => t.rate + t.error), 1e-9);
  const low = Math.min(0, ...tried.map((t) => t.rate - t.error));
  const logs = tried.map((t) => Math.log(t.size));
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const x = (size) => 44 + (most > least ? (Math.log(size) - least) / (most - least) : 0.5) * 252;
  const y = (rate) => 112 - ((rate - low) / (high - low)) * 92;
  const box = drawnElement("svg", { viewBox: "0 0 320 140", role: "img", "aria-label": `Bits per second for ${tried.length} sizes` });
  box.append(drawnElement("line", { class: "axis", x1: 34, x2: 310, y1: y(0), y2: y(0) }));
  for (const value of [0, high]) {
    box.append(drawnElement("text", { x: 30, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(1)));
  }
  const line = tried.map((t) => `${x(t.size)},${y(t.rate)}`).join(" ");
  box.append(drawnElement("polyline", { class: "curve", points: line }));
  let written = -Infinity;
  for (const t of tried) {
    const chosen = t.size === choice.chosen;
    box.append(drawnElement("line", { class: "error", x1: x(t.size), x2: x(t.size), y1: y(t.rate - t.error), y2: y(t.rate + t.error) }));
    box.append(drawnElement("circle", { class: chosen ? "chosen" : "", cx: x(t.size), cy: y(t.rate), r: chosen ? 5 : 3.5 }));
    if (x(t.size) - written < 24) continue;
    written = x(t.size);
    box.append(drawnElement("text", { class: chosen ? "chosen-label" : "", x: x(t.size), y: 132, "text-anchor": "middle" }, t.size));
  }
  return titled("Bits per second by number of tokens", box, ...why);
}

function table(headings, rows) {
  const cell = (tag, value) => make(tag, typeof value === "number" ? { class: "number" } : {}, String(value));
  const head = make("tr", {}, ...headings.map((text, n) =>
    make("th", typeof rows[0]?.[n] === "number" ? { class: "number" } : {}, text)));
  return make("div", { class: "scroll", tabindex: "0" }, make("table", {}, make("thead", {}, head),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((value) => cell("td", value)))))));
}

function stages() {
  const spent = Object.entries(data.seconds).filter(([, s]) => Number.isFinite(s));
  const total = spent.reduce((sum, [, s]) => sum + s, 0);
  const bar = make("div", { class: "stages", "aria-hidden": "true" });
  const legend = make("div", { class: "legend" });
  spent.forEach(([name, seconds], n) => {
    const part = make("i");
    part.style.flexGrow = String(seconds);
    const words = make("span", {}, `${name} ${seconds.toFixed(1)} s`);
    const mark = make("i");
    words.prepend(mark);
    views.push(() => {
      const colour = `oklch(${variable("--light")} 0.07 ${(40 + n * 137.508) % 360})`;
      part.style.background = colour;
      mark.style.background = colour;
    });
    bar.append(part);
    legend.append(words);
  });
  return titled(`Time it took: ${span(total)}`, bar, legend);
}
