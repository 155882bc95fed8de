// The viewer's features in plotly figures of fewer cells: the ring around the hovered cell, and the lasso as a selection.
(function () {
  "use strict";

  const { VERTICES, element, short } = window.nuwaCells;
  const index = { data: null, byCell: null }; // where each cell is drawn in the figure
  const plot = () => document.querySelector("#panels .js-plotly-plot");

  // [trace, index in it] of a cell in each panel.
  function drawnAt(figure, cell) {
    if (index.data !== figure.data) {
      index.data = figure.data;
      index.byCell = new Map();
      figure._fullData.forEach((trace) => trace.xaxis && (trace.customdata || []).forEach((i, k) => {
        if (!index.byCell.has(i)) index.byCell.set(i, []);
        index.byCell.get(i).push([trace, k]);
      }));
    }
    return index.byCell.get(cell) || [];
  }

  window.nuwaCells.plotly = {
    tool(tool) { if (plot() && plot().layout) window.Plotly.relayout(plot(), { dragmode: tool }); },

    // A ring around the cell under the mouse, in all panels.
    ring(data, linked) {
      const figure = plot(), cell = data && data.points[0].customdata;
      document.querySelectorAll("#panels .nuwa-ring").forEach((ring) => ring.remove());
      if (!linked || !figure || !figure._fullData || cell === undefined || cell === null) return;
      for (const [trace, k] of drawnAt(figure, cell)) {
        const [x, y] = ["x", "y"].map((axis) => figure._fullLayout[`${axis}axis${trace[`${axis}axis`].slice(1)}`]);
        const [left, top] = [x.l2p(trace.x[k]), y.l2p(trace.y[k])], ring = element("div", "nuwa-ring");
        if (!(left >= 0 && top >= 0 && left <= x._length && top <= y._length)) continue; // outside the visible range
        ring.style.left = `${x._offset + left}px`;
        ring.style.top = `${y._offset + top}px`;
        figure.append(ring);
      }
    },

    // The outline of a lasso or box as a selection in one of the panels `keys`; null without one.
    outline(data, keys) {
      const area = data && (data.lassoPoints || data.range);
      if (!area) return null;
      const [x, y] = ["x", "y"].map((axis) => Object.keys(area).find((name) => name.startsWith(axis)));
      let xs = area[x], ys = area[y];
      if (!data.lassoPoints) { xs = [xs[0], xs[1], xs[1], xs[0]]; ys = [ys[0], ys[0], ys[1], ys[1]]; }
      const every = Math.ceil(xs.length / VERTICES);
      const polygon = Array.from(xs).flatMap((value, k) => (k % every ? [] : [short(value), short(ys[k])]));
      return polygon.length < 6 ? null : { in: keys[(Number(x.slice(1)) || 1) - 1], polygon };
    },
  };
})();
