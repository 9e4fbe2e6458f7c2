// What it says: how long it copies, how much it repeats itself, how sure it is.

const RUN = "4"; // units in a row that are compared as one

function openSpeech() {
  const heard = data.scales.filter((scale) => scale.speech);
  const section = document.getElementById("speech");
  section.append(make("p", { class: "note" }, ...(heard.length ? [
    "A copy is a stretch in which it plays the corpus on; at any moment, half of the time lies in longer ones. " +
    `What was heard before: a unit, or ${RUN} units or tokens in a row. Entropy: bits, of the tokens it draws from. ` +
    "Red: as it is if nothing is turned.",
  ] : [
    "Nobody has listened yet. ", make("code", {}, `idiolect evaluate ${data.bundle} --report`),
    " lets it speak, and shows here how long it copies, how much it repeats itself and how sure it is.",
  ])));
  for (const scale of heard) section.append(spokenScale(scale));
}

function spokenScale(scale) {
  const { seconds, usual, units } = scale.speech;
  const panels = [
    copied(scale, "continuity"), repeated(scale, "continuity"), certainty(scale),
    copied(scale, "temperature"), repeated(scale, "temperature"), unsure(scale),
  ];
  return make("div", { class: "speaker" },
    make("div", { class: "heading" }, make("h4", {}, scale.name), make("p", { class: "facts" },
      `${clock(seconds)} at each setting. As it is, at continuity ${usual.continuity} and temperature ` +
      `${usual.temperature}, it plays ${several(units.different, "unit")} of ` +
      `${units.of.toLocaleString("en")}, in ${several(units.heard, "step")}.`)),
    make("div", { class: "plots" }, ...panels.map((panel) => make("div", { class: "panel" }, panel))));
}

// Settings stand side by side, each as far from the next.
function turned(scale, setting, points) {
  return {
    axis: setting,
    at: points.map((_, n) => n),
    labels: points.map((point) => String(point.at)),
    chosen: points.findIndex((point) => point.at === scale.speech.usual[setting]),
  };
}

function copied(scale, setting) {
  const points = scale.speech.copies[setting];
  const whole = scale.speech.copies.corpus;
  const title = `How long it copies, by ${setting}`;
  return titled(title, plot({
    ...turned(scale, setting, points),
    title,
    lines: [
      { name: "longest", kind: "third", values: points.map((p) => p.seconds.longest) },
      { name: "any moment", kind: "first", values: points.map((p) => p.by_time.median) },
      { name: "median", kind: "second", values: points.map((p) => p.seconds.median) },
    ],
    marks: [{ name: "longest source", value: whole.seconds.longest }],
    log: true,
    write: lasting,
  }));
}

function lasting(seconds) {
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(2))} ms`;
  return seconds < 120 ? `${Number(seconds.toPrecision(2))} s` : clock(seconds);
}

function repeated(scale, setting) {
  const { corpus, window: reach } = scale.speech.repetition;
  const points = scale.speech.repetition[setting];
  const title = `What was heard in the ${reach} s before, by ${setting}`;
  return titled(title, plot({
    ...turned(scale, setting, points),
    title,
    lines: [
      { name: `${RUN} tokens`, kind: "first", values: points.map((p) => p.tokens[RUN]) },
      { name: "a unit", kind: "second", values: points.map((p) => p.units[1]) },
      { name: `${RUN} units`, kind: "third", values: points.map((p) => p.units[RUN]) },
    ],
    marks: [{ name: `${RUN} tokens, corpus`, value: corpus.tokens[RUN] }],
    from: 0,
    write: (share) => `${Math.round(100 * share)} %`,
  }));
}

// Entropy of what it draws from, from the beginning to the end.
function certainty(scale) {
  const { bits, stretch } = scale.speech.entropy;
  const ends = bits.map((_, n) => ((n + 1) * stretch) / 60);
  const title = "Entropy of the next token, over time";
  return titled(title, plot({
    title,
    axis: "minutes",
    at: ends,
    labels: ends.map((minutes) => String(Number(minutes.toFixed(1)))),
    lines: [{ name: "bits", kind: "first", values: bits }],
    marks: [
      { name: "all tokens alike", value: Math.log2(scale.tokens) },
      { name: "surprise at held-out audio", value: scale.figures.bits_per_token?.mixture },
    ],
    from: 0,
    write: (value) => value.toFixed(1),
  }));
}

function unsure(scale) {
  const points = scale.speech.entropy.temperature;
  const title = "Entropy of the next token, by temperature";
  return titled(title, plot({
    ...turned(scale, "temperature", points),
    title,
    lines: [{ name: "bits", kind: "first", values: points.map((p) => p.mean) }],
    marks: [{ name: "all tokens alike", value: Math.log2(scale.tokens) }],
    from: 0,
    write: (value) => value.toFixed(1),
  }));
}
