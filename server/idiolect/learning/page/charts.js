// Vocabulary and tables, as elements.

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

// How often each token occurs in the corpus, and a line for how often it is said.
function usage(scale) {
  const order = scale.counts.map((_, token) => token).sort((a, b) => scale.counts[b] - scale.counts[a]);
  const said = scale.speech?.vocabulary.counts;
  const spoken = said?.reduce((sum, count) => sum + count, 0);
  const shares = order.map((token) => ({
    token, corpus: scale.counts[token] / scale.units, said: said ? said[token] / spoken : 0,
  }));
  const most = Math.max(1e-9, ...shares.flatMap((share) => [share.corpus, share.said]));
  const box = make("div", { class: "usage", "aria-hidden": "true" });
  for (const { token, ...share } of shares) {
    const column = make("div", {}, make("i"));
    column.firstChild.style.height = `${(100 * share.corpus) / most}%`;
    if (said) {
      column.append(make("b"));
      column.lastChild.style.bottom = `${(100 * share.said) / most}%`;
    }
    const words = [`${several(scale.counts[token], "unit")}, ${percent(share.corpus)}`,
      ...(said ? [`said: ${percent(share.said)}`] : [])];
    column.addEventListener("click", () => play(scale, token));
    column.addEventListener("pointermove", (event) => hover(event, `token ${token}`, words, colours[scale.index][token]));
    column.addEventListener("pointerleave", unhover);
    box.append(column);
  }
  views.push(() => order.forEach((token, n) => {
    box.children[n].firstChild.style.background = colours[scale.index][token];
    box.children[n].classList.toggle("picked", picked.scale === scale && picked.token === token);
  }));
  const title = `How often each occurs: from ${percent(most === 1e-9 ? 0 : shares[0].corpus)} down`;
  const lines = said ? [make("p", { class: "note" }, "Lines: how often it says each.")] : [];
  const whole = titled(title, box, ...lines);
  whole.className = "used";
  return whole;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
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
