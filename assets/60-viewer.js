// The viewer of cells. Pictures of many cells are drawn here by WebGL (regl-scatterplot); those of fewer are plotly's.
// Coordinates come once, two bytes an axis, colours as one byte a cell: dashboard/viewer/routes.py is the other end.
(function () {
  "use strict";

  const UNKNOWN = 255; // the code of a cell without a value
  const NOWHERE = 65535; // the coordinate of a cell without a place
  const FULL = 65534; // the highest coordinate
  const DIM = 256; // added to the code of a cell that is not selected
  const FADED = 0.86; // how far the colour of such a cell goes towards the ground
  const GRID = 256; // squares a side in which the cell under the mouse is looked for
  const NEAR = 8; // pixels from the mouse to the cell that it means
  const FAST = 500000; // cells above which they are squares without transparency, which takes half the work
  const TALL = 360; // pixels of a panel
  const VERTICES = 200; // of a lasso, as many as fit into a link

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const element = (tag, className, text) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);

  // ---- What the server sends: the length of a head, the head as JSON, then the numbers.
  async function receive(url) {
    const answer = await fetch(url, { credentials: "same-origin" });
    if (!answer.ok) {
      const words = await answer.json().then((said) => said.error, () => "");
      throw new Error(words || "The server could not send this picture: load the page again.");
    }
    const buffer = await answer.arrayBuffer();
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    return { head, buffer, start: 4 + length };
  }

  // What is asked for once is kept as long as something on the page shows it.
  class Kept {
    constructor(open) { this.open = open; this.found = new Map(); }
    get(url) {
      if (!this.found.has(url)) {
        const coming = receive(url).then(this.open);
        coming.catch(() => this.found.delete(url));
        this.found.set(url, coming);
      }
      return this.found.get(url);
    }
    keepOnly(urls) { for (const url of [...this.found.keys()]) if (!urls.includes(url)) this.found.delete(url); }
  }
  const places = new Kept(({ head, buffer, start }) => ({ ...head, xy: new Uint16Array(buffer, start, 2 * head.n) }));
  const colours = new Kept(({ head, buffer, start }) => ({ ...head, codes: new Uint8Array(buffer, start, head.n) }));
  const selections = new Kept(({ head, buffer, start }) => ({ ...head, bits: new Uint8Array(buffer, start) }));

  // A page that will show many cells says so as soon as it is there: their coordinates come while it is still drawn.
  new MutationObserver(() => {
    const host = document.getElementById("cells-host");
    if (!host || !host.dataset.early) return;
    JSON.parse(host.dataset.early).forEach((url) => places.get(url).catch(() => {})); // told of when they are to be shown
    delete host.dataset.early;
  }).observe(document.documentElement, { childList: true, subtree: true });

  // ---- Colours

  // The colour of each code, then the same for cells that are not selected.
  function palette(colour, ground) {
    const table = Array.from({ length: 2 * DIM }, () => rgb(colour.missing));
    colour.palette.forEach((hex, code) => { table[code] = rgb(hex); });
    for (let code = 0; code < DIM; code++)
      table[DIM + code] = table[code].map((c, i) => c * (1 - FADED) + ground[i] * FADED);
    return table.map((c) => [...c, 1]);
  }

  // The code of each cell with its selection, and the order in which they are drawn: what is not selected first, then
  // what is not known, then numbers from the lowest to the highest, so that peaks are seen.
  function shades(colour, selection) {
    const n = colour.n, codes = colour.codes, bits = selection && selection.bits;
    const shade = new Uint16Array(n), rank = new Uint16Array(n), count = new Uint32Array(2 * 257 + 1);
    for (let i = 0; i < n; i++) {
      const code = codes[i], out = bits ? !(bits[i >> 3] & (1 << (i & 7))) : false;
      shade[i] = out ? code + DIM : code;
      rank[i] = (bits && !out ? 257 : 0) + (code === UNKNOWN ? 0 : colour.ordered ? code + 1 : 1);
      count[rank[i] + 1]++;
    }
    for (let k = 0; k < count.length - 1; k++) count[k + 1] += count[k];
    const order = new Uint32Array(n);
    for (let i = 0; i < n; i++) order[count[rank[i]]++] = i;
    return { shade, order };
  }

  // ---- One panel

  let renderer, nothingNear; // shared by all panels
  async function shared() {
    renderer ||= window.nuwaScatterplot.createRenderer({ canvas: element("canvas") });
    // The library's own search for the cell under the mouse takes seconds to build for a million cells; ours (`grid`)
    // takes milliseconds. So it gets an index of one point that is far away.
    nothingNear ||= await window.nuwaScatterplot.createSpatialIndex([[1e6, 1e6]], false);
  }

  class Scale { // as much of a d3 scale as the library asks for: where the view begins and ends
    constructor(low, high) { this.ends = [low, high]; this.pixels = [0, 1]; }
    domain(ends) { return ends ? ((this.ends = ends), this) : this.ends; }
    range(pixels) { return pixels ? ((this.pixels = pixels), this) : this.pixels; }
    value(pixel) { const [a, b] = this.pixels; return this.ends[0] + ((pixel - a) / (b - a)) * (this.ends[1] - this.ends[0]); }
    pixel(value) { const [a, b] = this.pixels; return a + ((value - this.ends[0]) / (this.ends[1] - this.ends[0])) * (b - a); }
  }

  class Panel {
    constructor(viewer) {
      this.viewer = viewer;
      this.root = element("div", "nuwa-cells-panel");
      this.head = element("div", "head");
      this.title = element("span", "title");
      this.badge = element("span", "nuwa-badge info");
      this.head.append(this.title, this.badge);
      this.frame = element("div", "frame");
      this.canvas = element("canvas");
      this.over = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      this.outline = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
      this.ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      this.ring.setAttribute("r", 6);
      this.over.append(this.outline, this.ring);
      this.tip = element("div", "tip");
      this.note = element("div", "note");
      this.canvas.setAttribute("role", "img");
      this.frame.append(this.canvas, this.over, this.note, this.tip);
      this.x = element("div", "axis x");
      this.y = element("div", "axis y");
      this.root.append(this.head, this.frame, this.y, this.x);
      this.listen();
    }

    // Show a panel as the server describes it; the coordinates are fetched where they are other than before.
    async show(asked) {
      this.key = asked.key;
      this.title.textContent = asked.title;
      this.x.textContent = asked.x;
      this.y.textContent = asked.y;
      this.note.textContent = asked.note;
      this.canvas.setAttribute("aria-label", asked.title);
      if (!asked.points) {
        this.url = this.place = null;
        this.canvas.hidden = true;
        return;
      }
      this.canvas.hidden = false;
      if (asked.points === this.url && this.place) return;
      this.url = asked.points;
      this.place = await places.get(asked.points);
      this.grid = null;
      this.dropPlot();
    }

    dropPlot() {
      if (this.plot) this.plot.destroy();
      this.plot = null;
    }

    size() { return [Math.max(50, this.frame.clientWidth), TALL]; }

    makePlot(size, look) {
      const [width, height] = this.size(), { low, high } = this.place;
      const pad = (i) => 0.03 * (high[i] - low[i]);
      this.scales = [0, 1].map((i) => new Scale(low[i] - pad(i), high[i] + pad(i)));
      this.plot = window.nuwaScatterplot.create({
        renderer, canvas: this.canvas, width, height, aspectRatio: width / height,
        xScale: this.scales[0], yScale: this.scales[1],
        pointSize: size, opacity: this.place.n > FAST ? 1 : 0.8, colorBy: "category",
        performanceMode: this.place.n > FAST, ...look, deselectOnDblClick: false, deselectOnEscape: false, keyMap: {},
        lassoInitiator: false, lassoOnLongPress: false,
      });
      this.ready = new Promise((done) => { this.plot.subscribe("init", done, 1); });
      this.plot.subscribe("view", ({ view }) => { this.follow(); this.viewer.moved(this, view); });
      if (!this.points) this.points = Array.from({ length: this.place.n }, () => [0.5, 0.5, 0.5]); // never whole numbers: they would change in kind
    }

    // Colour the cells: the points are written anew in the order of drawing, and handed over.
    async paint({ shade, order }, table, ground, size) {
      if (!this.place) return;
      const look = { pointColor: table, backgroundColor: ground }, words = JSON.stringify(look);
      const fresh = !this.plot;
      if (fresh) this.makePlot(size, look);
      const { xy, n } = this.place, points = this.points, wide = 1.06 / 2;
      for (let k = 0; k < n; k++) {
        const i = order[k], p = points[k], x = xy[2 * i];
        if (x === NOWHERE) { p[0] = p[1] = 99; } else {
          p[0] = (x / FULL - 0.5) / wide;
          p[1] = (xy[2 * i + 1] / FULL - 0.5) / wide;
        }
        p[2] = shade[i];
      }
      const plot = this.plot;
      // Each setting draws all cells once more: so only what is new, and the cells after it has been taken in.
      if (fresh) await this.ready;
      else if (words !== this.look) await plot.set(look);
      this.look = words;
      if (plot !== this.plot) return; // another embedding came meanwhile
      // The order of the library's own index never changes, so what it has made of it is kept.
      await plot.draw(points, { spatialIndex: nothingNear, zDataType: "categorical", preventFilterReset: !fresh });
    }

    resize() {
      if (!this.plot) return;
      const [width, height] = this.size();
      this.plot.set({ width, height, aspectRatio: width / height });
      this.follow();
    }

    destroy() { this.dropPlot(); this.root.remove(); }

    // ---- Which cell is under the mouse

    // The cells sorted by the square of a grid they lie in.
    buildGrid() {
      const { xy, n } = this.place, begin = new Uint32Array(GRID * GRID + 1), cells = new Uint32Array(n);
      const square = (i) => (xy[2 * i] >> 8) * GRID + (xy[2 * i + 1] >> 8);
      for (let i = 0; i < n; i++) begin[square(i) + 1]++;
      for (let k = 0; k < GRID * GRID; k++) begin[k + 1] += begin[k];
      const next = begin.slice();
      for (let i = 0; i < n; i++) cells[next[square(i)]++] = i;
      this.grid = { begin, cells };
    }

    nearest(px, py) {
      if (!this.place || !this.plot) return -1;
      if (!this.grid) this.buildGrid();
      const { xy, low, high } = this.place, [sx, sy] = this.scales;
      const code = (value, axis) => ((value - low[axis]) / (high[axis] - low[axis])) * FULL;
      const box = [[code(sx.value(px - NEAR), 0), code(sx.value(px + NEAR), 0)], [code(sy.value(py + NEAR), 1), code(sy.value(py - NEAR), 1)]];
      const clip = (v) => Math.min(GRID - 1, Math.max(0, Math.floor(v / 256)));
      const x = code(sx.value(px), 0), y = code(sy.value(py), 1);
      const wide = (box[0][1] - box[0][0]) / 2, tall = (box[1][1] - box[1][0]) / 2;
      let best = -1, least = 1;
      for (let gx = clip(box[0][0]); gx <= clip(box[0][1]); gx++)
        for (let gy = clip(box[1][0]); gy <= clip(box[1][1]); gy++) {
          const square = gx * GRID + gy;
          for (let k = this.grid.begin[square]; k < this.grid.begin[square + 1]; k++) {
            const i = this.grid.cells[k];
            if (xy[2 * i] === NOWHERE) continue;
            const d = ((xy[2 * i] - x) / wide) ** 2 + ((xy[2 * i + 1] - y) / tall) ** 2;
            if (d < least) { least = d; best = i; }
          }
        }
      return best;
    }

    // Where a cell is drawn, in pixels of the frame.
    at(cell) {
      const { xy, low, high } = this.place;
      const value = (axis) => low[axis] + (xy[2 * cell + axis] / FULL) * (high[axis] - low[axis]);
      return [this.scales[0].pixel(value(0)), this.scales[1].pixel(value(1))];
    }

    mark(cell) {
      this.marked = cell;
      const there = cell >= 0 && this.place && this.scales && this.place.xy[2 * cell] !== NOWHERE;
      this.ring.style.display = there ? "" : "none";
      if (!there) return;
      const [x, y] = this.at(cell);
      this.ring.setAttribute("cx", x);
      this.ring.setAttribute("cy", y);
    }

    say(words, x, y) {
      this.tip.textContent = words;
      this.tip.style.display = words ? "" : "none";
      this.tip.style.left = `${x + 14}px`;
      this.tip.style.top = `${y + 14}px`;
    }

    follow() { if (this.marked >= 0) this.mark(this.marked); }

    // ---- The mouse

    listen() {
      const where = (event) => {
        const box = this.frame.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top];
      };
      let drawing = null, down = null;
      this.frame.addEventListener("pointerdown", (event) => {
        down = where(event);
        if (this.viewer.tool !== "lasso" || !this.plot) return;
        drawing = [down];
        this.over.setPointerCapture(event.pointerId);
      });
      this.frame.addEventListener("pointermove", (event) => {
        const at = where(event);
        if (drawing) {
          drawing.push(at);
          this.outline.setAttribute("points", drawing.map((p) => p.join(",")).join(" "));
        } else if (!event.buttons) this.viewer.hover(this, this.nearest(...at), at);
      });
      this.frame.addEventListener("pointerup", (event) => {
        const at = where(event);
        if (drawing && drawing.length > 2) this.viewer.selected(this, drawing);
        else if (down && Math.hypot(at[0] - down[0], at[1] - down[1]) < 4) this.viewer.clicked(this.nearest(...at));
        drawing = down = null;
        this.outline.removeAttribute("points");
      });
      this.frame.addEventListener("pointerleave", () => this.viewer.hover(this, -1));
      this.frame.addEventListener("dblclick", () => {
        if (!this.plot) return;
        this.plot.reset();
        this.plot.redraw();
      });
    }
  }

  // ---- All panels

  class Viewer {
    constructor(host) {
      this.host = host;
      this.panels = [];
      this.tool = "pan";
      this.turn = Promise.resolve();
      let width = 0;
      new ResizeObserver(() => {
        if (host.clientWidth === width || !host.clientWidth) return;
        width = host.clientWidth;
        this.fit();
        this.panels.forEach((panel) => panel.resize());
      }).observe(host);
    }

    // One after the other, and of those that wait only the last.
    show(asked) {
      this.asked = asked;
      this.turn = this.turn.then(() => (this.asked === asked ? this.draw(asked) : null)).catch((error) => {
        this.host.dataset.drawn = "failed";
        this.panels.forEach((panel) => { panel.note.textContent = error.message; });
      });
      return this.turn;
    }

    async draw(asked) {
      const began = performance.now();
      this.host.dataset.drawn = "";
      this.host.classList.toggle("one", asked.panels.length === 1);
      while (this.panels.length > asked.panels.length) this.panels.pop().destroy();
      while (this.panels.length < asked.panels.length) {
        this.panels.push(new Panel(this));
        this.host.append(this.panels.at(-1).root);
      }
      places.keepOnly(asked.panels.map((p) => p.points));
      colours.keepOnly([asked.colour]);
      selections.keepOnly([asked.selection]);
      const colour = colours.get(asked.colour), selection = asked.selection ? selections.get(asked.selection) : null;
      const coming = asked.panels.map((panel) => panel.points && places.get(panel.points));
      this.panels.forEach((panel) => {
        panel.badge.textContent = asked.badge;
        panel.badge.hidden = !asked.badge;
        panel.badge.title = `${asked.title}: ${asked.badge}`;
      });
      coming.forEach((points) => points && points.catch(() => {})); // told of where it is awaited
      await shared();
      this.fit();
      const ground = css("--nuwa-card"), found = await colour, chosen = await selection;
      const table = palette(found, rgb(ground)), order = shades(found, chosen);
      for (const [i, panel] of this.panels.entries()) {
        if (this.asked !== asked) return; // something newer waits
        await panel.show(asked.panels[i]);
        await panel.paint(order, table, [...rgb(ground), 1], asked.size);
        if (!i) { this.first = performance.now() - began; this.host.dataset.first = asked.colour; }
      }
      this.host.dataset.selected = chosen ? chosen.selected : "";
      this.host.dataset.drawn = asked.colour;
      this.took = performance.now() - began;
    }

    // The picture that all panels are drawn in, one after the other, is as large as the largest of them.
    fit() {
      if (!renderer || !this.panels.length) return;
      const widest = Math.max(...this.panels.map((panel) => panel.size()[0]));
      if (renderer.canvas.width === widest * window.devicePixelRatio && renderer.canvas.height === TALL * window.devicePixelRatio) return;
      renderer.resize(widest, TALL);
      renderer.refresh();
    }

    moved(from, view) {
      if (!this.asked.linked) return;
      for (const panel of this.panels)
        if (panel !== from && panel.key === from.key && panel.plot) {
          panel.plot.view(view, { preventEvent: true });
          requestAnimationFrame(() => panel.follow());
        }
    }

    hover(panel, cell, at) {
      if (cell === this.over) { if (cell >= 0) panel.say(this.words, ...at); return; }
      this.over = cell;
      this.words = "";
      for (const other of this.panels) {
        other.mark(this.asked.linked || other === panel ? cell : -1);
        other.say("", 0, 0);
      }
      clearTimeout(this.asking);
      if (cell < 0) return;
      this.asking = setTimeout(async () => {
        const answer = await fetch(this.asked.name.replace("CELL", cell), { credentials: "same-origin" }).catch(() => null);
        if (!answer || !answer.ok || this.over !== cell) return;
        const said = await answer.json();
        this.words = `${said.name}\n${said.value}`;
        panel.say(this.words, ...at);
      }, 80);
    }

    selected(panel, pixels) {
      const every = Math.ceil(pixels.length / VERTICES), [x, y] = panel.scales;
      const polygon = pixels.filter((_, k) => k % every === 0).flatMap(([px, py]) => [x.value(px), y.value(py)]);
      if (polygon.length < 6) return;
      window.dash_clientside.set_props("selection", { data: { in: panel.key, polygon: polygon.map(short) } });
    }

    clicked(cell) {
      if (cell >= 0) window.dash_clientside.set_props("cells-clicked", { data: cell });
    }

    // A picture of all panels with their titles, for a file.
    async save(form) {
      const scale = form === "png" ? 2 : 1, box = this.host.getBoundingClientRect(), wide = box.width + 240;
      const parts = [];
      for (const panel of this.panels) {
        if (!panel.plot) continue;
        const at = panel.frame.getBoundingClientRect();
        parts.push({ x: at.left - box.left, y: at.top - box.top, w: at.width, h: at.height, panel, image: panel.canvas.toDataURL() });
      }
      const ink = css("--nuwa-text"), ground = css("--nuwa-card"), line = css("--nuwa-line");
      const svg = [`<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${box.height}" font-family="Inter, sans-serif" font-size="12" fill="${ink}">`];
      svg.push(`<rect width="100%" height="100%" fill="${ground}"/>`);
      for (const { x, y, w, h, panel, image } of parts) {
        svg.push(`<image x="${x}" y="${y}" width="${w}" height="${h}" href="${image}"/><rect x="${x}" y="${y}" width="${w}" height="${h}" fill="none" stroke="${line}"/>`);
        svg.push(`<text x="${x}" y="${y - 8}" font-weight="600">${escaped(panel.title.textContent)}</text>`);
        svg.push(`<text x="${x + w}" y="${y - 8}" text-anchor="end" font-size="11">${escaped(panel.badge.textContent)}</text>`);
        svg.push(`<text x="${x + w / 2}" y="${y + h + 14}" text-anchor="middle" font-size="11">${escaped(panel.x.textContent)}</text>`);
        svg.push(`<text transform="translate(${x - 6} ${y + h / 2}) rotate(-90)" text-anchor="middle" font-size="11">${escaped(panel.y.textContent)}</text>`);
      }
      svg.push(...legendRows(box.width + 20));
      const badge = this.host.closest(".nuwa-plot").querySelector(".nuwa-plot-badge .nuwa-badge");
      if (badge) svg.push(`<text x="${wide - 8}" y="${box.height - 8}" text-anchor="end" font-size="11">${escaped(badge.textContent)}</text>`);
      svg.push("</svg>");
      const address = URL.createObjectURL(new Blob([svg.join("")], { type: "image/svg+xml" }));
      if (form === "svg") return download(address, "nuwa_panels.svg");
      const image = new Image(), canvas = element("canvas");
      image.src = address;
      await image.decode();
      [canvas.width, canvas.height] = [scale * wide, scale * box.height];
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(address);
      canvas.toBlob((blob) => download(URL.createObjectURL(blob), "nuwa_panels.png"));
    }
  }

  // The legend beside a saved picture, from the one on the page.
  function legendRows(x) {
    const legend = document.getElementById("legend"), text = (part) => escaped((part && part.textContent) || "");
    const rows = [`<text x="${x}" y="18" font-weight="600">${text(legend.querySelector(".head b"))}</text>`];
    legend.querySelectorAll(".entry").forEach((entry, k) => rows.push(
      `<circle cx="${x + 6}" cy="${34 + 17 * k}" r="5" fill="${entry.querySelector(".swatch").style.background}"/>`,
      `<text x="${x + 18}" y="${38 + 17 * k}">${text(entry.querySelector(".name"))}</text>`));
    const scale = legend.querySelector(".scale");
    if (!scale) return rows;
    const steps = scale.style.background.match(/rgb\([^)]*\)|#[0-9a-f]{6}/gi), [low, high] = legend.querySelectorAll(".ends span");
    steps.forEach((paint, k) => rows.push(`<rect x="${x + 12 * k}" y="44" width="12.5" height="12" fill="${paint}"/>`));
    rows.push(`<text x="${x}" y="35" font-size="11">${text(legend.querySelector(".head .help"))}</text>`);
    rows.push(`<text x="${x}" y="70" font-size="11">${text(low)}</text><text x="${x + 192}" y="70" font-size="11" text-anchor="end">${text(high)}</text>`);
    return rows;
  }

  const short = (value) => Number(value.toPrecision(5));
  const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  function download(address, name) {
    const link = element("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  // ---- What the page calls

  let viewer = null;
  const cellsOf = { data: null, found: null }; // where each cell is drawn in plotly's figure
  const plot = () => document.querySelector("#panels .js-plotly-plot");

  function supported() {
    const gl = element("canvas").getContext("webgl");
    return !!gl && ["OES_texture_float", "OES_element_index_uint"].every((name) => gl.getExtension(name));
  }

  window.nuwaViewer = {
    get all() { return viewer; },
    // Is the picture of the panels drawn here rather than by plotly?
    get shown() { return !!(viewer && viewer.host.isConnected && !viewer.host.closest("[hidden]")); },
    save: (form) => viewer.save(form),
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    nuwa: {
      webgl: supported,

      async show(asked) {
        const host = document.getElementById("cells-host");
        if (!asked || !host) return;
        if (!viewer || viewer.host !== host) {
          if (viewer) viewer.panels.forEach((panel) => panel.destroy());
          viewer = new Viewer(host);
        }
        viewer.tool = asked.tool;
        host.dataset.tool = asked.tool;
        await new Promise(requestAnimationFrame); // until the page has unhidden it, there is no width
        viewer.show(asked);
      },

      tool(tool) {
        if (viewer) { viewer.tool = tool; viewer.host.dataset.tool = tool; if (viewer.asked) viewer.asked.tool = tool; }
        if (plot() && plot().layout) window.Plotly.relayout(plot(), { dragmode: tool });
      },

      // The cell under the mouse is ringed in plotly's other panels as well.
      hovered(data, linked) {
        const gd = plot(), cell = data && data.points[0].customdata;
        document.querySelectorAll("#panels .nuwa-ring").forEach((ring) => ring.remove());
        if (!linked || !gd || !gd._fullData || cell === undefined || cell === null) return;
        if (cellsOf.data !== gd.data) {
          cellsOf.data = gd.data;
          cellsOf.found = new Map();
          gd._fullData.forEach((trace) => trace.xaxis && (trace.customdata || []).forEach((i, k) => {
            if (!cellsOf.found.has(i)) cellsOf.found.set(i, []);
            cellsOf.found.get(i).push([trace, k]);
          }));
        }
        for (const [trace, k] of cellsOf.found.get(cell) || []) {
          const [x, y] = ["x", "y"].map((axis) => gd._fullLayout[`${axis}axis${trace[`${axis}axis`].slice(1)}`]);
          const [left, top] = [x.l2p(trace.x[k]), y.l2p(trace.y[k])], ring = element("div", "nuwa-ring");
          if (!(left >= 0 && top >= 0 && left <= x._length && top <= y._length)) continue; // moved out of sight
          ring.style.left = `${x._offset + left}px`;
          ring.style.top = `${y._offset + top}px`;
          gd.append(ring);
        }
      },

      // The outline of plotly's lasso or box, and the embedding it was drawn in.
      lassoed(data, count, ...keys) {
        const area = data && (data.lassoPoints || data.range);
        if (!area) return window.dash_clientside.no_update;
        const [x, y] = ["x", "y"].map((axis) => Object.keys(area).find((name) => name.startsWith(axis)));
        const key = keys.slice(0, count)[(Number(x.slice(1)) || 1) - 1];
        let xs = area[x], ys = area[y];
        if (!data.lassoPoints) { xs = [xs[0], xs[1], xs[1], xs[0]]; ys = [ys[0], ys[0], ys[1], ys[1]]; }
        const every = Math.ceil(xs.length / VERTICES);
        const polygon = Array.from(xs).flatMap((value, k) => (k % every ? [] : [short(value), short(ys[k])]));
        return polygon.length < 6 ? window.dash_clientside.no_update : { in: key, polygon };
      },

      // The address holds what is seen; nothing is loaded anew.
      address(_, count, one, two, three, four, by, resolution, dimensions, selection, place, run) {
        const query = new URLSearchParams({ run });
        if (place && place.dataset) query.set("dataset", place.dataset);
        query.set("panels", [one, two, three, four].slice(0, count).join("~"));
        query.set("by", by);
        query.set("resolution", resolution);
        if (dimensions === 3) query.set("dimensions", 3);
        if (selection) query.set("select", JSON.stringify(selection));
        // What other cards keep there stays: dashboard/mapping/callbacks.py.
        for (const [name, value] of new URLSearchParams(location.search)) {
          if (name.startsWith("mapped")) query.set(name, value);
        }
        if (location.pathname === "/clusters") history.replaceState(history.state, "", `?${query}${location.hash}`);
      },
    },
  });
})();
