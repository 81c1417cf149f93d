// Draws the plots of a run: over time, and latencies by percentile.

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

show();
