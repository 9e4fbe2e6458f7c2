// The page, from top to bottom.

function openHeader() {
  const seconds = data.frames / data.rate;
  const names = data.scales.map((scale) => scale.name);
  document.getElementById("amount").textContent =
    `${clock(seconds)} of audio in ${several(data.sources.length, "source")}, ` +
    `${data.channels === 2 ? "stereo" : "mono"} at ${data.rate / 1000} kHz, ` +
    `cut at ${several(data.scales.length, "scale")}: ${listing(names)}`;
  document.getElementById("lead").textContent = lead();
}

// What was learned, in one sentence, at the finest scale that could be judged.
function lead() {
  for (const scale of data.scales) {
    const { units, bits_per_token: bits } = scale.figures;
    if (!units || !Number.isFinite(bits.mixture_no_parent)) continue;
    return `Of ${scale.tokens} kinds of ${scale.name}, what came before leaves it about as unsure of the next ` +
      `as a choice among ${(2 ** bits.mixture_no_parent).toFixed(1)}; knowing only how often each occurs, ` +
      `it would be a choice among ${(2 ** bits.unigram).toFixed(1)}.`;
  }
  return "There was too little audio to hold some out and say how well the next unit can be foreseen.";
}

function openScale(scale) {
  const facts =
    `${several(scale.units, "unit")} · ${several(scale.tokens, "token")} · ` +
    `median ${span(scale.median)} · ${scale.method}`;
  const canvas = make("canvas", { "data-map": scale.name, role: "img" });
  canvas.setAttribute("aria-label", `Map of the scale ${scale.name}: units that sound alike lie near each other`);
  const fewer = scale.map.step * scale.step;
  const missing = scale.clips.missing
    ? `${several(scale.clips.missing, "token")} without a sound: the page would have become too large. ` : "";
  const article = make("article", { "aria-label": scale.name },
    make("div", { class: "heading" }, make("h2", {}, scale.name), make("p", { class: "facts" }, facts)),
    make("div", { class: "scale" },
      make("div", { class: "panel map" }, canvas,
        make("p", { class: "note" }, fewer > 1 ? `Like beside like; one unit in ${fewer} is drawn.` : "Like beside like; every point is a unit.")),
      make("div", { class: "panel words" },
        titled("Vocabulary", pads(scale)), said(scale), usage(scale),
        make("p", { class: "note" }, missing + (scale.exemplars.some((e) => e && e.frames > scale.clips.seconds * data.rate)
          ? `Longer units are heard for ${span(scale.clips.seconds)}.` : "")))),
    make("div", { class: "plots" }, ...[guesses(scale), ladder(scale), sizes(scale)]
      .filter(Boolean).map((figure) => make("div", { class: "panel" }, figure))));
  document.getElementById("scales").append(article);
  openMap(scale, canvas);
}

function openMaking() {
  const box = document.getElementById("made");
  const panel = (wide, ...children) => box.append(make("div", { class: wide ? "panel wide" : "panel" }, ...children));
  if (Object.keys(data.seconds).length) panel(true, stages());
  const noted = data.sources.some((source) => source.notes.length);
  panel(noted, titled(several(data.sources.length, "source"), table(
    ["file", "length", "Hz", "channels", ...(noted ? ["used, but"] : [])],
    data.sources.map((s) => [s.name, clock(s.frames / data.rate, 2), s.rate, s.channels,
      ...(noted ? [s.notes.join("; ")] : [])]))));
  panel(false, titled("Network and training", described()));
  if (data.skipped.length) {
    const more = data.skipped_more ? [make("p", { class: "note" }, `and ${several(data.skipped_more, "other")}`)] : [];
    panel(false, titled(`${several(data.skipped.length + data.skipped_more, "file")} skipped`,
      table(["file", "why"], data.skipped.map((s) => [s.name, s.reason])), ...more));
  }
  const left = Object.entries(data.left_out);
  if (left.length) panel(false, titled("Scales left out", table(["scale", "why"], left)));
}

// Names of figures become words: "steps_run" is "steps run".
function described() {
  const list = make("dl");
  for (const [name, value] of [...Object.entries(data.model), ...Object.entries(data.training)]) {
    if (value === null || typeof value === "object") continue;
    list.append(make("dt", {}, name.replaceAll("_", " ")), make("dd", {}, String(value)));
  }
  return list;
}

function refresh() {
  recolour();
  for (const view of views) view();
}

openHeader();
openTimeline();
data.scales.forEach(openScale);
openSpeech();
openMaking();
document.getElementById("footer").textContent =
  `idiolect ${data.version}${data.hash ? ` · bundle ${data.hash}` : ""}`;
refresh();
addEventListener("resize", refresh);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", refresh);
document.body.dataset.ready = "true";
