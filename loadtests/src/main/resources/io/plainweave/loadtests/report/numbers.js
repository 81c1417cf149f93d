// Numbers as text.

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
const precise = new Intl.NumberFormat("en", { maximumSignificantDigits: 4 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

function scaled(value, units, step) {
  let unit = 0;
  while (Math.abs(value) >= step && unit < units.length - 1) {
    value /= step;
    unit++;
  }
  return `${precise.format(value)} ${units[unit]}`;
}

/** A value in words: short beside an axis, otherwise as precise as it is known. */
function inWords(value, unit, short) {
  if (!Number.isFinite(value)) {
    return "–";
  }
  if (unit === "B") {
    return scaled(value, ["B", "kB", "MB", "GB", "TB"], 1000);
  }
  if (unit === "ms") {
    return short ? scaled(value, ["ms", "s"], 1000) : `${precise.format(value)} ms`;
  }
  const number =
    short ? compact.format(value) : (Math.abs(value) < 100 ? precise : whole).format(value);
  return number + (unit && !unit.startsWith("/") ? " " : "") + unit;
}

function clock(seconds) {
  const s = Math.floor(seconds);
  const pad = n => String(n).padStart(2, "0");
  const minutes = Math.floor(s / 60);
  const head = minutes < 60 ? minutes : `${Math.floor(minutes / 60)}:${pad(minutes % 60)}`;
  return `${head}:${pad(s % 60)}`;
}

/** A percentile from how rare what lies above it is: 90 from 1, 99 from 2, 99.9 from 3. */
function percentile(nines, digits) {
  return `${(100 * (1 - 10 ** -nines)).toFixed(Math.max(0, digits))} %`;
}
