// Draws the plots of the page from its data.

const data = JSON.parse(document.getElementById("data").textContent);
const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const seriesColor = index => color(`--series-${(index % 8) + 1}`);

const { fontFamily } = getComputedStyle(document.body);

function phaseAt(second) {
  return data.phases.findLast(it => second >= it.from)?.name ?? "";
}

// Parts of plots

/** Paints each phase, from its left edge and with its width, and nothing outside the plot. */
function eachPhase(u, paint) {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  for (const [index, phase] of data.phases.entries()) {
    const left = u.valToPos(phase.from, "x", true);
    paint(ctx, index, phase.name, left, u.valToPos(phase.to, "x", true) - left);
  }
  ctx.restore();
}

/** Shades every other phase. */
function shadePhases(u) {
  eachPhase(u, (ctx, index, name, left, width) => {
    if (index % 2 === 0) {
      ctx.fillStyle = color("--band");
      ctx.fillRect(left, u.bbox.top, width, u.bbox.height);
    }
  });
}

/** Names the phases that have room for it. */
function namePhases(u) {
  const px = devicePixelRatio;
  eachPhase(u, (ctx, index, name, left, width) => {
    ctx.font = `${12 * px}px ${fontFamily}`;
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.lineWidth = 4 * px;
    if (ctx.measureText(name).width + 10 * px < width) {
      ctx.strokeStyle = color("--page"); // keeps grid lines off the letters
      ctx.strokeText(name, left + 6 * px, u.bbox.top + 5 * px);
      ctx.fillStyle = color("--muted");
      ctx.fillText(name, left + 6 * px, u.bbox.top + 5 * px);
    }
  });
}

/** Draws each value as a line up from zero: an event, not a course. */
function stems(u, series, from, to) {
  const stroke = new Path2D();
  const zero = u.valToPos(0, "y", true);
  for (let i = from; i <= to; i++) {
    const value = u.data[series][i];
    if (value != null) {
      const x = u.valToPos(u.data[0][i], "x", true);
      stroke.moveTo(x, zero);
      stroke.lineTo(x, u.valToPos(value, "y", true));
    }
  }
  return { stroke };
}

/** Lines are sampled at different times; a cursor shows each one's value nearest to it. */
function nearest(u, series, index) {
  const values = u.data[series];
  for (let away = 0; away < values.length; away++) {
    for (const i of [index - away, index + away]) {
      if (values[i] !== undefined) {
        return i;
      }
    }
  }
  return index;
}

function axis(options) {
  return {
    stroke: color("--muted"),
    font: `12px ${fontFamily}`,
    grid: { stroke: color("--grid"), width: 1 },
    ticks: { show: false },
    gap: 6,
    ...options,
  };
}

const cursorPoints = { size: 7, fill: (u, i) => u.series[i].stroke(u, i) };

function range(line) {
  const known = line.y.filter(it => it != null);
  return [
    known.reduce((a, b) => Math.min(a, b), Infinity),
    known.reduce((a, b) => Math.max(a, b), -Infinity),
  ];
}

/** Beside its name a line has the value under the cursor, and its highest while there is none. */
function series(line, index, unit) {
  const [, highest] = range(line);
  return {
    label: line.name,
    stroke: () => seriesColor(index),
    width: 1.5,
    points: { show: false },
    value: (u, value, _, at) => inWords(at == null ? highest : value, unit, false),
  };
}

// The plots: each is built anew when the colors change

const drawn = [];

function describe(lines, unit) {
  return lines
    .map(it => `${it.name}: ${range(it).map(y => inWords(y, unit, false)).join(" to ")}`)
    .join("; ");
}

function add(parent, title, lines, unit, ends, options) {
  const figure = document.createElement("figure");
  const heading = document.createElement("h3");
  heading.textContent = title;
  figure.append(heading);
  parent.append(figure);
  drawn.push({ figure, title, lines, unit, ends, options, plot: null });
}

function size(figure) {
  const width = figure.clientWidth;
  return { width, height: width > 700 ? 280 : 220 };
}

function draw(it) {
  it.plot?.destroy();
  const tables = it.lines.map(line => [line.x, line.y]);
  it.plot = new uPlot(
    { ...size(it.figure), ...it.options() },
    uPlot.join([[it.ends], ...tables]),
    it.figure,
  );
  const wrap = it.plot.root.querySelector(".u-wrap");
  wrap.setAttribute("role", "img");
  wrap.setAttribute("aria-label", `${it.title}. ${describe(it.lines, it.unit)}`);
}

function overTime({ unit, lines, path }, named) {
  const headroom = named ? 1.16 : 1.06;
  return () => ({
    scales: {
      x: { time: false },
      y: { range: (u, min, max) => [Math.min(0, min), max > 0 ? max * headroom : 1] },
    },
    axes: [
      axis({
        incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400],
        values: (u, splits) => splits.map(clock),
        space: 60,
        size: 30,
      }),
      axis({ values: (u, splits) => splits.map(it => inWords(it, unit, true)), size: 64 }),
    ],
    series: [
      {
        label: "",
        value: (u, second) => (second == null ? "highest" : `${clock(second)} ${phaseAt(second)}`),
      },
      ...lines.map((it, index) => ({
        ...series(it, index, unit),
        fill: lines.length === 1 ? `${seriesColor(index)}18` : undefined,
        ...path,
      })),
    ],
    cursor: { sync: { key: "time" }, dataIdx: nearest, points: cursorPoints, y: false },
    hooks: { drawClear: [shadePhases], draw: named ? [namePhases] : [] },
  });
}

/** The labels of percentiles, less those that would run into the one to their right. */
function labelsWithRoom(u, splits) {
  const room = 54;
  let right = Infinity;
  return splits
    .toReversed()
    .map(nines => {
      const x = u.valToPos(nines, "x");
      if (right - x < room) {
        return "";
      }
      right = x;
      return percentile(nines, Math.ceil(nines) - 2);
    })
    .toReversed();
}

function byPercentile(lines) {
  const most = Math.max(1, ...lines.flatMap(it => it.x));
  const splits = [0, Math.log10(2)];
  for (let nines = 1; nines <= most; nines++) {
    splits.push(nines);
  }
  return () => ({
    padding: [null, 28, null, null], // half of the last label lies beyond the plot
    scales: { x: { time: false, range: [0, most] }, y: { distr: 3 } },
    axes: [
      axis({
        splits: () => splits,
        values: u => labelsWithRoom(u, splits),
        size: 30,
      }),
      axis({
        values: (u, at) => at.map(it => (it == null ? "" : inWords(it, "ms", true))),
        size: 64,
      }),
    ],
    series: [
      {
        label: "",
        value: (u, nines) => (nines == null ? "highest" : percentile(nines, Math.ceil(nines) - 1)),
      },
      ...lines.map((it, index) => series(it, index, "ms")),
    ],
    cursor: { dataIdx: nearest, points: cursorPoints, y: false, drag: { x: false, y: false } },
  });
}

function pausesByProcess() {
  const byProcess = Map.groupBy(data.pauses, it => it.process);
  return Array.from(byProcess, ([name, pauses]) => {
    pauses.sort((a, b) => a.second - b.second);
    return { name, x: pauses.map(it => it.second), y: pauses.map(it => it.millis) };
  });
}

const plots = document.getElementById("plots");
const all = [0, data.end];
data.plots.forEach((it, index) => {
  add(plots, it.title, it.lines, it.unit, all, overTime(it, index === 0));
});
if (data.pauses.length > 0) {
  const pauses = {
    title: "Pauses of the garbage collectors",
    unit: "ms",
    lines: pausesByProcess(),
    path: { paths: stems },
  };
  add(plots, pauses.title, pauses.lines, "ms", all, overTime(pauses, data.plots.length === 0));
}
if (data.curves.length > 0) {
  const curves = document.getElementById("curves");
  add(curves, "By percentile", data.curves, "ms", [], byPercentile(data.curves));
}

drawn.forEach(draw);
for (const query of ["(prefers-color-scheme: dark)", "print"]) {
  matchMedia(query).addEventListener("change", () => drawn.forEach(draw));
}
const resized = new ResizeObserver(entries => {
  for (const entry of entries) {
    const it = drawn.find(it => it.figure === entry.target);
    if (it.figure.clientWidth !== it.plot.width) {
      it.plot.setSize(size(it.figure));
    }
  }
});
drawn.forEach(it => resized.observe(it.figure));
