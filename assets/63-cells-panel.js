// One panel of cells: its title and axes, its picture, and the mark of the cell under the mouse.
(function () {
  "use strict";

  const { TALL, FULL, NOWHERE, element, places, Ground, View, Grid } = window.nuwaCells;
  const STILL = 150; // milliseconds without a movement after which a picture is drawn with all its cells and pixels
  const MOVING = 350000; // cells of a sample that is drawn until then, at a third of the time of a million

  const drawn = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);

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
      this.ground = new Ground(this.canvas);
      this.over = drawn("svg");
      this.outline = drawn("polyline");
      this.ring = drawn("circle");
      this.ring.setAttribute("r", 6);
      this.over.append(this.outline, this.ring);
      this.tip = element("div", "tip");
      this.note = element("div", "note");
      this.frame.tabIndex = 0;
      this.frame.setAttribute("role", "application"); // so that arrow keys come here
      this.frame.append(this.canvas, this.over, this.note, this.tip);
      this.x = element("div", "axis x");
      this.y = element("div", "axis y");
      this.root.append(this.head, this.frame, this.y, this.x);
      window.nuwaCells.listen(this);
    }

    // Show a panel as the server describes it; the coordinates are fetched where they are other than before.
    async show(asked) {
      this.key = asked.key;
      this.name = asked.name; // where to ask for those of further cells, which follow all that the panels share
      this.title.textContent = asked.title;
      this.x.textContent = asked.x;
      this.y.textContent = asked.y;
      this.note.textContent = asked.note;
      this.frame.setAttribute("aria-label", `${asked.title}. Arrow keys move it, + and - zoom, 0 shows all.`);
      this.canvas.hidden = !asked.points;
      if (asked.points === this.url) return;
      this.url = this.points = null; // nothing is drawn of what was here before
      this.place = asked.points && (await places.get(asked.points));
      this.url = asked.points;
      this.grid = null;
      this.view.reset();
    }

    // Colour the cells: their coordinates in the order of drawing, and the codes of their colours.
    paint({ order, shade }, table, paper, size) {
      this.points = null;
      if (!this.place) return;
      const { xy } = this.place, points = new Int32Array(xy.length);
      for (let k = 0; k < points.length; k++) points[k] = xy[order[k]];
      Object.assign(this, { points, shade, table, paper, size });
      this.draw();
    }

    get wide() { return Math.max(50, this.frame.clientWidth); }
    get seen() { return this.view.onto(this.wide, TALL); }

    draw(ratio = window.devicePixelRatio, many = Infinity) {
      if (!this.points) return;
      const [wide, tall] = [Math.round(this.wide * ratio), Math.round(TALL * ratio)];
      const { times } = this.view, larger = Math.asinh(Math.max(1, times)) / Math.asinh(1); // near cells are larger, but not as much
      this.ground.draw(wide, tall, this, this.table, this.paper, this.view.onto(wide, tall), this.size * larger * ratio, many);
      this.mark(this.marked);
    }

    // Draw what the view shows by now, with the next frame; coarsely until it rests.
    moved() {
      this.asked ||= requestAnimationFrame(() => { this.asked = 0; this.draw(Math.min(1, window.devicePixelRatio), MOVING); });
      clearTimeout(this.rest);
      this.rest = setTimeout(() => this.draw(), STILL);
    }

    // ---- Which cell is where

    nearest(px, py) {
      if (!this.points) return -1;
      this.grid ||= new Grid(this.place.xy);
      return this.grid.nearest(this.seen, px, py);
    }

    // The embedding's own coordinates at a pixel of the frame.
    value(px, py) {
      const { x, y, sx, sy } = this.seen, { low, high } = this.place;
      return [(px - x) / sx, (y - py) / sy].map((code, axis) => low[axis] + (code / FULL) * (high[axis] - low[axis]));
    }

    mark(cell = -1) {
      this.marked = cell;
      const point = cell >= 0 && this.points ? this.place.xy[cell] : NOWHERE;
      this.ring.style.display = point === NOWHERE ? "none" : "inline"; // the style sheet hides it before
      if (point === NOWHERE) return;
      const { x, y, sx, sy } = this.seen;
      this.ring.setAttribute("cx", x + (point & 0xffff) * sx);
      this.ring.setAttribute("cy", y - (point >>> 16) * sy);
    }

    say(words, x, y) {
      this.tip.textContent = words;
      this.tip.style.display = words ? "block" : "none";
      this.tip.style.left = `${x + 14}px`;
      this.tip.style.top = `${y + 14}px`;
    }
  }

  window.nuwaCells.Panel = Panel;
})();
