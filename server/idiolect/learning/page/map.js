// A scale's units as points, like beside like.

const REACH = 12; // pixels around the pointer in which a point is found

function openMap(scale, canvas) {
  const count = scale.points.length / 2;
  let pointed = -1;
  let size = 1;
  const at = (value) => size / 2 + (value / 32767) * (size / 2 - 16);
  const x = (n) => at(scale.points[2 * n]);
  const y = (n) => at(-scale.points[2 * n + 1]);
  const token = (n) => scale.labels[n * scale.map.step];

  const draw = onNextFrame(() => {
    const { context, width, height } = fitted(canvas);
    size = width;
    context.clearRect(0, 0, width, height);
    const radius = Math.min(4.5, Math.max(1.3, 90 / Math.sqrt(count)));
    const chosen = picked.scale === scale ? picked.token : -1;
    context.globalAlpha = chosen < 0 ? 0.8 : 0.13;
    for (let n = 0; n < count; n += 1) if (token(n) !== chosen) dot(context, n, radius);
    context.globalAlpha = 1;
    for (let n = 0; n < count; n += 1) if (token(n) === chosen) dot(context, n, radius + 0.6);
    drawAnchors(context, chosen);
    if (pointed < 0) return;
    context.strokeStyle = variable("--ink");
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x(pointed), y(pointed), radius + 4, 0, 7);
    context.stroke();
  });

  function dot(context, n, radius) {
    context.fillStyle = colours[scale.index][token(n)];
    context.beginPath();
    context.arc(x(n), y(n), radius, 0, 7);
    context.fill();
  }

  // Tokens' numbers, where their exemplars lie, while there is room to read them.
  function drawAnchors(context, chosen) {
    context.font = "600 11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 3;
    context.lineJoin = "round";
    const taken = [];
    scale.exemplars.forEach((exemplar, name) => {
      if (!exemplar || (chosen >= 0 && name !== chosen)) return;
      const left = at(scale.anchors[2 * name]);
      const top = at(-scale.anchors[2 * name + 1]) - 9; // above the point it names
      if (taken.some(([a, b]) => Math.abs(a - left) < 15 && Math.abs(b - top) < 12)) return;
      taken.push([left, top]);
      context.strokeStyle = variable("--panel");
      context.strokeText(String(name), left, top);
      context.fillStyle = variable("--ink");
      context.fillText(String(name), left, top);
    });
  }

  function nearest(event) {
    let [found, least] = [-1, REACH * REACH];
    for (let n = 0; n < count; n += 1) {
      const far = (x(n) - event.offsetX) ** 2 + (y(n) - event.offsetY) ** 2;
      if (far < least) [found, least] = [n, far];
    }
    return found;
  }

  canvas.addEventListener("pointermove", (event) => {
    const found = nearest(event);
    if (found !== pointed) {
      pointed = found;
      draw();
    }
    if (found < 0) return unhover();
    const unit = found * scale.map.step;
    const from = scale.starts[unit];
    const length = (unitEnd(scale, unit) - from) / data.rate;
    const title = `${scale.name} ${unit * scale.step} · token ${token(found)}`;
    hover(event, title, [place(from), span(length)], colours[scale.index][token(found)]);
  });
  canvas.addEventListener("pointerleave", () => {
    pointed = -1;
    unhover();
    draw();
  });
  canvas.addEventListener("click", (event) => {
    const found = nearest(event);
    if (found >= 0) play(scale, token(found));
    else pick(null, -1);
  });
  views.push(draw);
  return draw;
}
