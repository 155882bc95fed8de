// The names of categories in a panel: at the median of their cells, moved aside where one would cover another.
(function () {
  "use strict";

  const { FULL, NOWHERE, UNKNOWN } = window.nuwaCells;
  const BINS = 1024; // of the coordinates of an axis: a median to a thousandth of the panel
  const LETTERS = 24; // of a name at most
  const RINGS = 24, ANGLES = 16; // places that are tried around the median
  const FURTHER = 0.6, WIDER = 1.6; // heights of a label from ring to ring, and by how much rings are wider than high

  // [{ name, code, n, x, y }] of the categories that have cells, the largest first; x and y are codes of coordinates.
  function medians(place, colour, grey = null) {
    const { xy } = place, { codes, names } = colour, n = Math.min(xy.length, codes.length), count = new Uint32Array(256);
    const across = new Uint32Array(names.length * BINS), up = new Uint32Array(names.length * BINS);
    for (let i = 0; i < n; i++) {
      const code = codes[i], point = xy[i];
      if (code === UNKNOWN || code >= names.length || point === NOWHERE || (grey && grey[i])) continue;
      count[code]++;
      across[code * BINS + ((point & 0xffff) >> 6)]++;
      up[code * BINS + (point >>> 22)]++;
    }
    const middle = (bins, code) => {
      let bin = code * BINS, left = count[code] / 2 - bins[bin];
      while (left > 0) left -= bins[++bin];
      return Math.min(FULL, (bin - code * BINS + 0.5) * 64);
    };
    return names.flatMap((name, code) => (name === null || !count[code] ? [] : [{
      name, code, n: count[code], x: middle(across, code), y: middle(up, code),
    }])).sort((a, b) => b.n - a.n);
  }

  // The centres of labels of `sizes` ([wide, tall]) that cover neither each other nor the edge of the frame, null for those
  // without room: core/figures/labels.py does the same.
  function spread(centres, sizes, frame) {
    const placed = [];
    centres.forEach((centre, i) => {
      const half = sizes[i].map((side) => side / 2);
      placed.push(null);
      if (sizes[i].some((side, axis) => side > frame[axis])) return;
      for (let ring = 0; ring <= RINGS; ring++)
        for (let k = 0; k < (ring ? ANGLES : 1); k++) {
          const far = ring * FURTHER * sizes[i][1], angle = (2 * Math.PI * k) / ANGLES;
          const moved = [centre[0] + far * WIDER * Math.cos(angle), centre[1] + far * Math.sin(angle)];
          const at = moved.map((value, axis) => Math.min(frame[axis] - half[axis], Math.max(half[axis], value)));
          const free = placed.every((other, j) => !other || other.some((value, axis) => Math.abs(value - at[axis]) >= half[axis] + sizes[j][axis] / 2));
          if (free) { placed[i] = at; return; }
        }
    });
    return placed;
  }

  // The labels of a panel as elements over its canvas.
  class Labels {
    constructor(frame, over, element, svg) {
      this.layer = element("div", "labels");
      this.lines = svg("g");
      over.append(this.lines);
      frame.append(this.layer);
      this.element = element;
      this.svg = svg;
      this.all = [];
    }

    // Show these medians; each label is measured once.
    show(all, by, resolution) {
      this.all = all;
      this.layer.replaceChildren(...all.map((label) => {
        const node = this.element("span", "nuwa-cells-label");
        node.textContent = label.name.length > LETTERS ? `${label.name.slice(0, LETTERS - 1)}…` : label.name;
        node.title = `${label.name}: ${label.n.toLocaleString("en")} cells${by ? ". Double click to rename." : ""}`;
        if (by) Object.assign(node.dataset, { by, resolution, name: label.name });
        label.node = node;
        return node;
      }));
      all.forEach((label) => { label.size = [label.node.offsetWidth, label.node.offsetHeight]; });
    }

    // Place them in a frame [wide, tall] that shows the embedding as `seen`; labels of cells outside the frame are hidden.
    place(seen, frame) {
      const inside = this.all.filter((label) => {
        [label.px, label.py] = [seen.x + label.x * seen.sx, seen.y - label.y * seen.sy];
        const visible = label.px >= 0 && label.py >= 0 && label.px <= frame[0] && label.py <= frame[1];
        label.node.hidden = !visible;
        return visible;
      });
      const centres = spread(inside.map((label) => [label.px, label.py]), inside.map((label) => label.size), frame);
      this.lines.replaceChildren();
      inside.forEach((label, i) => {
        label.node.hidden = !centres[i];
        if (!centres[i]) return;
        const [x, y] = centres[i];
        label.node.style.transform = `translate(${x - label.size[0] / 2}px, ${y - label.size[1] / 2}px)`;
        if (Math.max(Math.abs(x - label.px), Math.abs(y - label.py)) <= label.size[1]) return;
        const line = this.svg("line");
        Object.entries({ x1: label.px, y1: label.py, x2: x, y2: y }).forEach(([name, value]) => line.setAttribute(name, value));
        this.lines.append(line);
      });
    }
  }

  Object.assign(window.nuwaCells, { medians, spread, Labels });
})();
