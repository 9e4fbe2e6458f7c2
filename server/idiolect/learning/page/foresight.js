// How well the next token is foreseen, on audio that was held out.

const GUESSERS = [
  ["uniform", "all tokens alike"],
  ["unigram", "how often each occurs"],
  ["best_ngram", "the best n-gram"],
  ["network", "the network"],
  ["mixture_no_parent", "network and memory"],
  ["mixture", "and the class around it"],
];

const bit = (value) => value.toFixed(2);

// Bits per token of each way of guessing, with its interval.
function guesses(scale) {
  const { units, bits_per_token: bits, intervals = {}, best_ngram: best } = scale.figures;
  if (!units) {
    return titled("How well the next token is guessed",
      make("p", { class: "note" }, "Too little audio to hold any out and judge by it."));
  }
  const rows = GUESSERS.filter(([name]) => known(bits[name]));
  const most = Math.max(...rows.flatMap(([name]) => [bits[name], intervals[name]?.high ?? 0]), 1e-9);
  const box = make("div", { class: "bars" });
  for (const [name, words] of rows) {
    const own = name.startsWith("mixture") ? "own" : "";
    const track = make("div", { class: "track" }, filled(bits[name] / most, own));
    const { low, high } = intervals[name] ?? {};
    if (high > low) track.append(whisker(low / most, high / most));
    box.append(make("span", { class: own }, words), track, make("span", { class: `number ${own}` }, bit(bits[name])));
  }
  return titled("Bits to say the next token, knowing …", box,
    make("p", { class: "note" },
      `Fewer is better; ${several(units, "unit")} of audio it had not learned from. ` +
      `${Object.keys(intervals).length ? "The thin lines are 95 % intervals. " : ""}` +
      `${best ? `The n-gram is ${best}. ` : ""}${scale.speaks}`));
}

function filled(share, kind) {
  const bar = make("i", { class: kind });
  bar.style.width = `${100 * share}%`;
  return bar;
}

function whisker(low, high) {
  const line = make("b", { "aria-hidden": "true" });
  line.style.left = `${100 * low}%`;
  line.style.width = `${100 * (high - low)}%`;
  return line;
}

// Every n-gram there is to beat, by its order.
function ladder(scale) {
  const kinds = Object.entries(scale.figures.ladder ?? {}).filter(([, steps]) => steps.some((step) => known(step.mean)));
  if (!kinds.length) return "";
  const orders = Array.from({ length: Math.max(...kinds.map(([, steps]) => steps.length)) }, (_, n) => n + 1);
  const bits = scale.figures.bits_per_token;
  return titled("Bits per token of n-grams", plot({
    title: "Bits per token by order of n-gram",
    axis: "order",
    at: orders,
    labels: orders.map(String),
    lines: kinds.map(([name, steps], n) => ({
      name, kind: ["second", "third"][n % 2],
      values: orders.map((order) => steps[order - 1]?.mean),
      ranges: orders.map((order) => [steps[order - 1]?.low, steps[order - 1]?.high]),
    })),
    marks: [{ name: "network + memory", value: bits.mixture_no_parent }, { name: "network", value: bits.network }],
    write: bit,
  }));
}

// Information rate over the size of the vocabulary, and the size that was taken.
function sizes(scale) {
  const choice = scale.size_choice;
  const tried = (choice?.sizes ?? [])
    .map((size, n) => ({ size, rate: choice.rates?.[n], error: choice.errors?.[n] ?? 0 }))
    .filter(({ size, rate }) => size > 0 && known(rate));
  const why = choice?.why ? [make("p", { class: "note" }, choice.why)] : [];
  if (!tried.length) return why.length ? titled("Why this many tokens", ...why) : "";
  return titled("Bits per second by number of tokens", plot({
    title: "Bits per second by number of tokens",
    axis: "tokens",
    at: tried.map((t) => Math.log(t.size)),
    labels: tried.map((t) => String(t.size)),
    lines: [{
      name: "bits per second", kind: "first",
      values: tried.map((t) => t.rate),
      ranges: tried.map((t) => [t.rate - t.error, t.rate + t.error]),
    }],
    chosen: tried.findIndex((t) => t.size === choice.chosen),
    from: 0,
    write: (value) => value.toFixed(1),
  }), ...why);
}
