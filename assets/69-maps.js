// Places the maps: as many columns as give the largest panels, for plotly's figure and for the panels that the page draws
// itself; and the tools above them that need no server.
(function () {
  "use strict";

  // Pixels around the frame of each panel; the margins of core/figures/panels.py and of assets/91-workspace.css.
  const LEFT = 28, RIGHT = 16, HEAD = 34, FOOT = 30;
  const UNIT = 300; // pixels of a panel from which its unit has room beside the name of its axis
  const NEAR = 0.001; // a difference in shares of the figure that nobody sees
  const COPIED = 2000; // milliseconds for which a button says so
  // Pixels of the names of categories in plotly's figure, about as core/figures/labels.py has them.
  const FONT = 11, LETTER = 0.58, PADDING = 6, LINE = 1.6, SAME = 0.5; // lines have their ground around them

  const maps = () => document.getElementById("maps");
  const plot = () => document.querySelector("#panels .js-plotly-plot");
  const host = () => document.getElementById("cells-host");
  const drawnHere = () => !!(host() && !host().closest("[hidden]"));
  const titles = (layout) => (layout.annotations || []).filter((note) => (note.name || "").startsWith("title"));

  // The number of columns in which `n` panels hold the largest squares.
  function columnsFor(n, wide, tall) {
    const side = (columns) => Math.min(wide / columns - LEFT - RIGHT, tall / Math.ceil(n / columns) - HEAD - FOOT);
    let best = 1;
    for (let columns = 2; columns <= n; columns++) if (side(columns) > side(best)) best = columns;
    return best;
  }

  // Where panel i of a plotly figure is, as shares of what its margins enclose.
  function domain(i, columns, rows, { width, height }) {
    const inner = [width - LEFT - RIGHT, height - HEAD - FOOT], cell = [width / columns, height / rows];
    const column = i % columns, row = Math.floor(i / columns);
    return {
      x: [(column * cell[0]) / inner[0], ((column + 1) * cell[0] - LEFT - RIGHT) / inner[0]],
      y: [1 - ((row + 1) * cell[1] - HEAD - FOOT) / inner[1], 1 - (row * cell[1]) / inner[1]],
    };
  }

  const differs = (now, then) => !now || now.some((value, k) => Math.abs(value - then[k]) > NEAR);

  // The changes of a plotly layout that place its panels; none where they are there already.
  function changes(layout, size, columns, n) {
    const wide = size.width / columns >= UNIT, update = {}, rows = Math.ceil(n / columns), number = (i) => (i ? i + 1 : "");
    for (let i = 0; i < n; i++) {
      const { x, y } = domain(i, columns, rows, size), scene = `scene${number(i)}`;
      if (layout[scene]) {
        const now = layout[scene].domain;
        if (!now || differs(now.x, x) || differs(now.y, y)) Object.assign(update, { [`${scene}.domain.x`]: x, [`${scene}.domain.y`]: y });
      } else
        for (const [axis, share] of [[`xaxis${number(i)}`, x], [`yaxis${number(i)}`, y]])
          if (layout[axis] && layout[axis].visible !== false && differs(layout[axis].domain, share)) update[`${axis}.domain`] = share;
      const places = { [`title ${i}`]: [x[0], y[1]], [`unit ${i}`]: [x[1], y[0]], [`note ${i}`]: [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2] };
      (layout.annotations || []).forEach((note, k) => {
        let to = places[note.name];
        if (to && note.name === `title ${i}` && note.xanchor === "right") to = [x[1], y[1]]; // of a small multiple
        if (note.name === `unit ${i}` && (note.visible !== false) !== wide) update[`annotations[${k}].visible`] = wide;
        if (to && differs([note.x, note.y], to)) Object.assign(update, { [`annotations[${k}].x`]: to[0], [`annotations[${k}].y`]: to[1] });
      });
      (layout.shapes || []).forEach((shape, k) => {
        if (shape.name !== `frame ${i}` || !(differs([shape.x0, shape.x1], x) || differs([shape.y0, shape.y1], y))) return;
        Object.assign(update, { [`shapes[${k}].x0`]: x[0], [`shapes[${k}].x1`]: x[1], [`shapes[${k}].y0`]: y[0], [`shapes[${k}].y1`]: y[1] });
      });
    }
    return update;
  }

  // The changes that keep the names of categories apart at the size and zoom that the figure has; the server places them for
  // another size.
  function labelChanges({ layout, _fullLayout: full }, n) {
    const { spread, css } = window.nuwaCells, update = {};
    for (let i = 0; i < n; i++) {
      const [x, y] = ["xaxis", "yaxis"].map((name) => full[`${name}${i ? i + 1 : ""}`]);
      if (!x || !x.l2p || !y) continue;
      const frame = [x._length, y._length];
      const labels = (layout.annotations || []).map((note, k) => ({ note, k, at: [x.l2p(note.x), y.l2p(note.y)] }))
        .filter(({ note, at }) => (note.name || "").startsWith(`label ${i} `) && at.every((pixel, axis) => pixel >= 0 && pixel <= frame[axis]));
      const sizes = labels.map(({ note }) => [FONT * LETTER * note.text.length + PADDING, FONT * LINE]);
      spread(labels.map(({ at }) => at), sizes, frame).forEach((centre, j) => {
        const { note, k, at } = labels[j], [right, down] = centre ? [centre[0] - at[0], centre[1] - at[1]] : [0, 0];
        const isFar = Math.max(Math.abs(right), Math.abs(down)) > FONT;
        const wanted = { opacity: centre ? 1 : 0, showarrow: isFar };
        if (isFar) Object.assign(wanted, { ax: right, ay: down, xshift: 0, yshift: 0, arrowhead: 0, arrowwidth: 1, arrowcolor: css("--nuwa-quiet") });
        else Object.assign(wanted, { xshift: right, yshift: -down });
        const usual = { opacity: 1, xshift: 0, yshift: 0 };
        for (const [name, value] of Object.entries(wanted)) {
          const now = note[name] ?? usual[name];
          if (typeof value === "number" && typeof now === "number" ? Math.abs(now - value) > SAME : now !== value) update[`annotations[${k}].${name}`] = value;
        }
      });
    }
    return update;
  }

  function arrange() {
    const box = maps();
    if (!box || !box.clientWidth) return;
    const figure = plot(), here = drawnHere();
    const n = here ? host().childElementCount : figure && figure.layout ? titles(figure.layout).length : 0;
    if (!n) return;
    const columns = columnsFor(n, box.clientWidth, box.clientHeight);
    for (const [name, value] of [["--columns", columns], ["--rows", Math.ceil(n / columns)]])
      if (box.style.getPropertyValue(name) !== String(value)) box.style.setProperty(name, value);
    if (here || !figure._fullLayout) return;
    let update = changes(figure.layout, figure._fullLayout, columns, n);
    if (!Object.keys(update).length) update = labelChanges(figure, n); // once the panels have their size
    if (Object.keys(update).length) window.Plotly.relayout(figure, update);
  }

  // Show all cells again, in every panel.
  function showAll() {
    if (drawnHere()) return window.nuwaViewer.all.panels.forEach((panel) => { panel.view.reset(); panel.moved(); });
    const figure = plot(), update = {};
    if (!figure || !figure._fullLayout) return;
    for (const [name, axis] of Object.entries(figure._fullLayout)) {
      if (/^[xy]axis\d*$/.test(name)) {
        if (axis._rangeInitial0 === undefined) update[`${name}.autorange`] = true;
        else update[`${name}.range`] = [axis._rangeInitial0, axis._rangeInitial1];
      } else if (/^scene\d*$/.test(name) && axis._scene && axis._scene.viewInitial) {
        const { up, eye, center } = axis._scene.viewInitial;
        update[`${name}.camera`] = { up, eye, center };
      }
    }
    window.Plotly.relayout(figure, update);
  }

  // Outside a secure context, such as a server of the laboratory without https, there is no clipboard but this.
  function copyText(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
    return Promise.resolve();
  }

  // Open the fields for the ends of the colour scale, which are in a tab and folded.
  function changeEnds() {
    const field = document.getElementById("clip-high");
    window.nuwaTabs.open("see");
    field.closest("details").open = true;
    field.focus();
  }

  document.addEventListener("click", async (event) => {
    if (event.target.closest(".nuwa-show-all")) showAll();
    if (event.target.closest(".nuwa-change-ends")) changeEnds();
    const button = event.target.closest(".nuwa-copy-link");
    if (!button) return;
    await copyText(location.href);
    button.classList.add("copied");
    const name = button.querySelector(".visually-hidden"), before = name.textContent;
    name.textContent = "Link copied";
    setTimeout(() => { button.classList.remove("copied"); name.textContent = before; }, COPIED);
  });

  // The page may replace the maps and their figure: each is watched once.
  const sized = new ResizeObserver(arrange), watched = new WeakSet();
  new MutationObserver(() => {
    const box = maps(), figure = plot();
    if (box && !watched.has(box)) { watched.add(box); sized.observe(box); }
    if (figure && figure.on && !watched.has(figure)) {
      watched.add(figure);
      figure.on("plotly_afterplot", arrange);
      arrange();
    }
    if (drawnHere() && box && box.dataset.panels !== String(host().childElementCount)) {
      box.dataset.panels = host().childElementCount;
      arrange();
    }
  }).observe(document.documentElement, { childList: true, subtree: true });

  window.nuwaMaps = { arrange, columnsFor };
})();
