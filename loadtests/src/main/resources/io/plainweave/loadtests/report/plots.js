// What all plots share: the data of the page, colors, axes, and how they are drawn again.

const data = JSON.parse(document.getElementById("data").textContent);
const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const seriesColor = index => color(`--series-${(index % 9) + 1}`);

const { fontFamily } = getComputedStyle(document.body);

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

/** Draws all that were added, and draws them again when the colors or the width change. */
function show() {
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
}
