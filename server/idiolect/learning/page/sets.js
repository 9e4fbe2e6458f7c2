// What was held out: a thin ribbon below the scales, or one for each fold.

const SETS = [
  ["--learned", "learned from"],
  ["--validation", "validation: when to stop, how to mix"],
  ["--test", "test: what the figures are of"],
  ["--gap", ""], // nothing is drawn there
];
const SET = data.splits.length > 1 ? 5 : 9; // pixels of a ribbon

const setsHeight = () => data.splits.length * (SET + 1);

function drawSets(context, top) {
  data.splits.forEach(({ edges, kinds }, row) => {
    kinds.forEach((kind, n) => {
      const left = Math.max(scene.x(edges[n]), GUTTER);
      const right = Math.min(scene.x(edges[n + 1]), GUTTER + scene.width);
      if (right <= left) return;
      context.fillStyle = variable(SETS[kind][0]);
      context.fillRect(left, top + row * (SET + 1), Math.max(1, right - left), SET);
    });
  });
}

function openSets() {
  const legend = document.getElementById("sets");
  if (!data.splits.length) return legend.remove();
  const there = new Set(data.splits.flatMap((own) => own.kinds));
  SETS.forEach(([colour, words], kind) => {
    if (!words || !there.has(kind)) return;
    const mark = make("i", { "aria-hidden": "true" });
    mark.style.background = `var(${colour})`;
    const item = make("span", {}, words);
    item.prepend(mark);
    legend.append(item);
  });
  const folds = data.splits.length > 1 ? `${data.splits.length} folds, a ribbon each; ` : "";
  legend.append(make("span", {}, `${folds}then it learned from everything`));
}
