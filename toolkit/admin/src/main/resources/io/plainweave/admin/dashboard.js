"use strict";
// Asks for the figures, keeps those since the page was opened, and draws them. Whatever peers have
// chosen is put in as text, never as markup.

const ASK_EVERY = 2000;
const MOST_SAMPLES = 900;
const LEAST_SECONDS = 60;
const BUSY = "handshake,working,in_message,waiting_in_message,writing,lingering,ending";

const byId = id => document.getElementById(id);
const color = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const words = name => name.replaceAll("_", " ");

// Numbers

const whole = new Intl.NumberFormat("en");

function count(value) {
  return value == null ? "–" : whole.format(Math.round(value));
}

function rate(value) {
  return value == null ? "–" : (value < 10 ? String(Number(value.toFixed(1))) : count(value)) + "/s";
}

function bytes(value) {
  let unit = 0;
  while (value >= 1000 && unit < 4) {
    value /= 1000;
    unit++;
  }
  return (unit === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))) + " " + ["B", "kB", "MB", "GB", "TB"][unit];
}

function byteRate(value) {
  return value == null ? "–" : bytes(value) + "/s";
}

function time(millis) {
  const seconds = millis / 1000;
  if (seconds < 60) {
    return seconds.toFixed(1) + " s";
  }
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// What is kept: one array of values for each line, as long as that of the times

const times = [];
const kept = new Map();

function keep(values) {
  times.push(Date.now() / 1000);
  for (const [name, value] of Object.entries(values)) {
    if (!kept.has(name)) {
      kept.set(name, new Array(times.length - 1).fill(null));
    }
    kept.get(name).push(value);
  }
  if (times.length > MOST_SAMPLES) {
    times.shift();
    kept.forEach(it => it.shift());
  }
}

// Plots

// 1, 2, 5, 10 and so on: there are no halves of connections.
const WHOLE_STEPS = Array.from({ length: 39 }, (_, i) => [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3));

const plots = [];
const { fontFamily } = getComputedStyle(document.body);

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** At least a minute, with what is newest at the right. */
function timeRange() {
  const last = latest(times) ?? Date.now() / 1000;
  return [Math.min(times[0] ?? last, last - LEAST_SECONDS), last];
}

function addPlot(title, lines, shown, least) {
  const figure = document.createElement("figure");
  const heading = document.createElement("h3");
  heading.textContent = title;
  figure.append(heading);
  byId("plots").append(figure);
  plots.push({ title, lines, shown, least, figure, plot: null });
}

function size(figure) {
  const width = figure.clientWidth;
  return { width, height: width > 700 ? 260 : 200 };
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

function dataOf(it) {
  return [times, ...it.lines.map(line => kept.get(line.key) ?? times.map(() => null))];
}

function latest(values) {
  return values.length ? values[values.length - 1] : null;
}

function build(it) {
  it.plot?.destroy();
  it.plot = new uPlot(
    {
      ...size(it.figure),
      cursor: { sync: { key: "time" }, drag: { x: false, y: false }, y: false },
      scales: {
        x: { range: timeRange },
        y: { range: (u, low, high) => [0, Math.max(it.least, (high ?? 0) * 1.1)] },
      },
      axes: [
        axis({ size: 36, space: 80, values: (u, all) => all.map(at => clock.format(at * 1000)) }),
        axis({ size: 72, values: (u, all) => all.map(it.shown), incrs: WHOLE_STEPS }),
      ],
      series: [
        {},
        ...it.lines.map((line, i) => ({
          label: line.label,
          stroke: color(`--series-${(i % 8) + 1}`),
          width: 1.5,
          points: { show: false },
          value: (u, value, series, at) => it.shown(at == null ? latest(u.data[series]) : value),
        })),
      ],
    },
    dataOf(it),
    it.figure,
  );
  const wrap = it.plot.root.querySelector(".u-wrap");
  wrap.setAttribute("role", "img");
  wrap.setAttribute("aria-label", it.title);
}

function drawPlots() {
  plots.forEach(it => it.plot.setData(dataOf(it)));
}

// Tables

function cell(content, kind, className) {
  const made = document.createElement(kind);
  made.textContent = content;
  made.className = className ?? "";
  return made;
}

/** Columns are [heading, class, what a row has in it]. */
function fill(table, columns, rows, none) {
  const head = document.createElement("tr");
  head.append(...columns.map(([heading, className]) => cell(heading, "th", className)));
  const lines = rows.map(row => {
    const line = document.createElement("tr");
    line.append(...columns.map(([, className, of]) => cell(of(row), "td", className)));
    return line;
  });
  if (rows.length === 0) {
    const line = document.createElement("tr");
    const only = cell(none, "td", "none");
    only.colSpan = columns.length;
    line.append(only);
    lines.push(line);
  }
  table.replaceChildren(head, ...lines);
}

function fillFigures(figures) {
  byId("figures").replaceChildren(
    ...figures.map(([name, value]) => {
      const both = document.createElement("div");
      both.append(cell(name, "dt"), cell(value, "dd"));
      return both;
    }),
  );
}

// The server

let before = null;
let states = [];

function perSecond(now, of) {
  return before == null ? null : Math.max(0, of(now) - of(before)) / ((now.at - before.at) / 1000);
}

const sum = values => Object.values(values).reduce((a, b) => a + b, 0);

function show(now) {
  const health = byId("state");
  const trouble = now.notLive ?? now.notReady;
  health.textContent = now.suspended && now.state === "running" ? "suspended" : now.state;
  health.className = trouble == null ? "good" : "bad";
  byId("trouble").hidden = trouble == null;
  byId("trouble").textContent = trouble == null ? "" : `not ${now.notLive ? "live" : "ready"}: ${trouble}`;
  byId("listeners").textContent = now.listeners
    .map(it => (it.name === it.address ? it.address : `${it.name} (${it.address})`))
    .join(" · ");
  byId("drain").disabled = now.state !== "running";
  byId("affected").textContent = `Connections that are open: ${count(now.connections)}`;

  const rates = {
    accepted: perSecond(now, it => it.accepted),
    closed: perSecond(now, it => sum(it.closed)),
    refused: perSecond(now, it => sum(it.refused)),
    received: perSecond(now, it => it.received),
    sent: perSecond(now, it => it.sent),
  };
  keep({ ...Object.fromEntries(states.map(it => [`open ${it}`, now.open[it]])), ...rates });
  fillFigures([
    ["open", count(now.connections)],
    ["outbound", count(now.outbound)],
    ["accepted", rate(rates.accepted)],
    ["ended", rate(rates.closed)],
    ["refused", rate(rates.refused)],
    ["received", byteRate(rates.received)],
    ["sent", byteRate(rates.sent)],
    now.eventLoops > 0
      ? ["loop threads", `${now.eventLoopThreads} for ${now.eventLoops}`]
      : ["carriers", count(now.carriers)],
  ]);
  drawPlots();
  const total = Math.max(1, sum(now.closed));
  fill(
    byId("reasons"),
    [
      ["reason", "", it => words(it[0])],
      ["connections", "number", it => count(it[1])],
      ["of all", "number", it => ((100 * it[1]) / total).toFixed(1) + " %"],
      ["last 2 s", "number", it => count(before == null ? 0 : it[1] - before.closed[it[0]])],
    ],
    Object.entries(now.closed).filter(it => it[1] > 0).sort((a, b) => b[1] - a[1]),
    "None has ended.",
  );
  before = now;
}

function showSlowest(connections) {
  fill(
    byId("slowest"),
    [
      ["in state", "number", it => time(it.inStateMillis)],
      ["state", "", it => words(it.state)],
      ["peer", "", it => it.peer],
      ["listener", "wide", it => it.listener ?? "(outbound)"],
      ["age", "number wide", it => time(it.ageMillis)],
      ["received", "number wide", it => bytes(it.received)],
      ["sent", "number wide", it => bytes(it.sent)],
      ["number", "number", it => String(it.id)],
    ],
    connections,
    "All wait for their peers.",
  );
}

function showPlaces(positions) {
  byId("sampled").textContent =
    `The innermost line of their own code; ${count(positions.sampled)} of ${count(positions.open)} connections were looked at.`;
  fill(
    byId("places"),
    [
      ["connections", "number", it => count(it.connections)],
      ["state", "wide", it => words(it.state)],
      ["line", "code", it => it.line],
    ],
    positions.places,
    "No handler runs.",
  );
}

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(5000) });
  if (!answer.ok) {
    throw new Error(`${path}: ${answer.status}`);
  }
  return answer.json();
}

async function askStatus() {
  const status = await ask("/status");
  return { ...status, at: Date.now() };
}

async function look() {
  try {
    if (!document.hidden) {
      show(await askStatus());
      const [slowest, positions] = await Promise.all([
        ask(`/connections?state=${BUSY}&sort=in-state&limit=15`),
        ask("/positions"),
      ]);
      showSlowest(slowest.filter(it => it.listener !== before.admin));
      showPlaces(positions);
    }
  } catch (e) {
    byId("state").textContent = before?.state === "draining" ? "ended" : "no answer";
    byId("state").className = "bad";
    byId("drain").disabled = true;
  }
  setTimeout(look, ASK_EVERY);
}

async function drain() {
  byId("confirm").close();
  byId("drain").disabled = true;
  const answer = await fetch("/drain", { method: "POST" });
  if (!answer.ok) {
    byId("trouble").hidden = false;
    byId("trouble").textContent = await answer.text();
  }
}

async function begin() {
  try {
    states = Object.keys((await askStatus()).open);
  } catch (e) {
    byId("state").textContent = "no answer";
    setTimeout(begin, ASK_EVERY);
    return;
  }
  addPlot("Connections by state", states.map(it => ({ key: `open ${it}`, label: words(it) })), count, 4);
  addPlot(
    "Connections per second",
    [
      { key: "accepted", label: "accepted" },
      { key: "closed", label: "ended" },
      { key: "refused", label: "refused" },
    ],
    rate,
    4,
  );
  addPlot(
    "Bytes per second",
    [
      { key: "received", label: "received" },
      { key: "sent", label: "sent" },
    ],
    byteRate,
    1000,
  );
  plots.forEach(build);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => plots.forEach(build));
  const resized = new ResizeObserver(entries => {
    for (const entry of entries) {
      const it = plots.find(it => it.figure === entry.target);
      if (it.figure.clientWidth !== it.plot.width) {
        it.plot.setSize(size(it.figure));
      }
    }
  });
  plots.forEach(it => resized.observe(it.figure));
  look();
}

byId("drain").addEventListener("click", () => byId("confirm").showModal());
byId("cancel").addEventListener("click", () => byId("confirm").close());
byId("confirmed").addEventListener("click", drain);
begin();
