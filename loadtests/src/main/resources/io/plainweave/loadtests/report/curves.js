// Draws curves over something else than time: a section has an x, linear or logarithmic.

function over({ x, logarithmic }, { unit, lines, logarithmic: isLogarithmic }) {
  const inNumbers = (at, of) => at.map(it => (it == null ? "" : inWords(it, of, true)));
  return () => ({
    padding: [null, 16, null, null], // half of the last label lies beyond the plot
    scales: {
      x: logarithmic ? { time: false, distr: 3 } : { time: false },
      y: isLogarithmic
        ? { distr: 3 }
        : { range: (u, min, max) => [Math.min(0, min), max > 0 ? max * 1.06 : 1] },
    },
    axes: [
      axis({ values: (u, at) => inNumbers(at, ""), space: 40, size: 30 }),
      axis({ values: (u, at) => inNumbers(at, unit), size: 64 }),
    ],
    series: [
      {
        label: "",
        value: (u, at) => (at == null ? "highest" : `${whole.format(at)} ${x}`),
      },
      ...lines.map(it => ({
        ...series(it, it.color, unit),
        points: { show: true, size: 5, fill: () => seriesColor(it.color) },
      })),
    ],
    cursor: { dataIdx: nearest, points: cursorPoints, y: false, drag: { x: false, y: false } },
  });
}

data.sections.forEach((section, index) => {
  const parent = document.getElementById(`section-${index}`);
  for (const plot of section.plots) {
    add(parent, plot.title, plot.lines, plot.unit, [], over(section, plot));
  }
});

show();
