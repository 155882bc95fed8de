// One panel of cells: its title and axes, its plot, and a ring around the cell under the mouse.
(function () {
  "use strict";

  const { FULL, NOWHERE, element, places, medians, Labels, Canvas, View, Grid } = window.nuwaCells;
  const STILL = 150; // milliseconds without a movement until all cells are drawn at full resolution
  const MOVING = 350000; // cells in the sample that is drawn until then, in a third of the time of a million

  const svg = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);

  class Panel {
    constructor(viewer) {
      this.viewer = viewer;
      this.view = new View();
      this.root = element("div", "nuwa-cells-panel");
      this.head = element("div", "head");
      this.title = element("span", "title");
      this.badge = element("span", "nuwa-badge info");
      this.head.append(this.title, this.badge);
      this.frame = element("div", "frame");
      this.canvas = element("canvas");
      this.drawing = new Canvas(this.canvas);
      this.over = svg("svg");
      this.outline = svg("polyline");
      this.ring = svg("circle");
      this.ring.setAttribute("r", 6);
      this.over.append(this.outline, this.ring);
      this.labels = new Labels(this.frame, this.over, element, svg);
      this.tip = element("div", "tip");
      this.note = element("div", "note");
      this.frame.tabIndex = 0;
      this.frame.setAttribute("role", "application"); // so that the frame gets arrow keys
      this.frame.prepend(this.canvas, this.over);
      this.frame.append(this.note, this.tip);
      this.x = element("div", "axis x");
      this.y = element("div", "axis y");
      this.root.append(this.head, this.frame, this.y, this.x);
      window.nuwaCells.listen(this);
    }

    // Show a panel as the server describes it; coordinates are fetched only if they have changed.
    async show(panel) {
      this.key = panel.key;
      this.spec = panel;
      this.title.textContent = panel.title;
      this.x.textContent = panel.x;
      this.y.textContent = panel.y;
      this.note.textContent = panel.note;
      this.frame.setAttribute("aria-label", `${panel.title}. Arrow keys move it, + and - zoom, 0 shows all.`);
      this.canvas.hidden = !panel.points;
      if (panel.points === this.url) return;
      this.url = this.points = null; // nothing of the former embedding is drawn
      this.place = panel.points && (await places.get(panel.points));
      this.url = panel.points;
      this.grid = null;
      this.view.reset();
    }

    // Colour the cells: their coordinates in the order of drawing, and the codes of their colours. `named` are the codes and
    // names of the categories to write among the cells, null for no labels. `hiding` is the filter whose outer cells are not
    // drawn, or null.
    paint({ order, shade, faint, skipped }, table, paper, size, named, hiding) {
      this.points = null;
      if (!this.place) return;
      const { xy } = this.place, points = new Int32Array(order.length);
      for (let k = 0; k < points.length; k++) points[k] = xy[order[k]];
      Object.assign(this, { points, shade, faint, table, paper, size, hiding });
      this.labels.show(named && named.names ? medians(this.place, named, skipped) : [], this.spec.by, this.spec.resolution);
      this.draw();
    }

    get wide() { return Math.max(50, this.frame.clientWidth); }
    get tall() { return Math.max(50, this.frame.clientHeight); }
    get seen() { return this.view.onto(this.wide, this.tall); }

    draw(ratio = window.devicePixelRatio, many = Infinity) {
      if (!this.points) return;
      const [wide, tall] = [Math.round(this.wide * ratio), Math.round(this.tall * ratio)];
      const { times } = this.view, larger = Math.asinh(Math.max(1, times)) / Math.asinh(1); // cells grow with the zoom, but less
      this.drawing.draw(wide, tall, this, this.table, this.paper, this.view.onto(wide, tall), this.size * larger * ratio, many);
      this.labels.place(this.seen, [this.wide, this.tall]);
      this.mark(this.marked);
    }

    // Draw the view with the next animation frame; coarsely until the movement ends.
    moved() {
      this.frameRequest ||= requestAnimationFrame(() => { this.frameRequest = 0; this.draw(Math.min(1, window.devicePixelRatio), MOVING); });
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.draw(), STILL);
    }

    // ---- Positions of cells

    nearest(px, py) {
      if (!this.points) return -1;
      this.grid ||= new Grid(this.place.xy);
      return this.grid.nearest(this.seen, px, py, this.hiding);
    }

    // The coordinates of the embedding at a pixel of the frame.
    value(px, py) {
      const { x, y, sx, sy } = this.seen, { low, high } = this.place;
      return [(px - x) / sx, (y - py) / sy].map((code, axis) => low[axis] + (code / FULL) * (high[axis] - low[axis]));
    }

    mark(cell = -1) {
      this.marked = cell;
      const point = cell >= 0 && this.points ? this.place.xy[cell] : NOWHERE;
      this.ring.style.display = point === NOWHERE ? "none" : "inline"; // the style sheet hides it at first
      if (point === NOWHERE) return;
      const { x, y, sx, sy } = this.seen;
      this.ring.setAttribute("cx", x + (point & 0xffff) * sx);
      this.ring.setAttribute("cy", y - (point >>> 16) * sy);
    }

    showTip(text, x, y) {
      this.tip.textContent = text;
      this.tip.style.display = text ? "block" : "none";
      this.tip.style.left = `${x + 14}px`;
      this.tip.style.top = `${y + 14}px`;
    }
  }

  window.nuwaCells.Panel = Panel;
})();
