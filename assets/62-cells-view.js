// The part of an embedding that a panel shows, and the cell at a position in it.
(function () {
  "use strict";

  const { FULL, NOWHERE } = window.nuwaCells;
  const PAD = 0.03; // margin around the outermost cells, as a share of their range
  const CLOSEST = 300; // highest zoom: above it, coordinates of two bytes would show as a grid
  const FARTHEST = 0.2; // lowest zoom
  const GRID = 256; // squares per side of the grid that finds the cell under the mouse
  const NEAR = 8; // largest distance in pixels from the mouse to its cell

  class View {
    constructor() { this.reset(); }
    reset() { this.set({ times: 1, x: 0, y: 0 }); }

    // The zoom, and the offset of its left and lower edge as shares of the frame.
    get state() { return { times: this.times, x: this.x, y: this.y }; }
    set({ times, x, y }) { [this.times, this.x, this.y] = [times, x, y]; }

    // Move by shares of the frame, or zoom around a position in it.
    move(x, y) { this.x += x; this.y += y; }
    zoom(by, x, y) {
      const times = Math.min(CLOSEST, Math.max(FARTHEST, this.times * by)), change = times / this.times;
      this.set({ times, x: x - (x - this.x) * change, y: y - (y - this.y) * change });
    }

    // For a frame of this size in pixels: a cell with codes (i, j) is drawn at (x + i sx, y - j sy).
    onto(wide, tall) {
      const share = this.times / (1 + 2 * PAD);
      return {
        x: (this.x + share * PAD) * wide, y: (1 - this.y - share * PAD) * tall, sx: (share * wide) / FULL, sy: (share * tall) / FULL,
      };
    }
  }

  const isOutside = (filter, cell) => !!filter && cell < filter.n && !(filter.bits[cell >> 3] & (1 << (cell & 7)));

  // The cells of an embedding by their square of a grid.
  class Grid {
    constructor(xy) {
      const begin = new Uint32Array(GRID * GRID + 1), cells = new Uint32Array(xy.length);
      const square = (i) => ((xy[i] & 0xffff) >> 8) * GRID + (xy[i] >>> 24);
      for (let i = 0; i < xy.length; i++) begin[square(i) + 1]++;
      for (let k = 0; k < GRID * GRID; k++) begin[k + 1] += begin[k];
      const next = begin.slice();
      for (let i = 0; i < xy.length; i++) cells[next[square(i)]++] = i;
      Object.assign(this, { xy, begin, cells });
    }

    // The cell nearest to a pixel, where the frame shows the embedding as `seen`; -1 where none is near. Cells that `filter`
    // leaves out are not drawn and not found.
    nearest(seen, px, py, filter) {
      const x = (px - seen.x) / seen.sx, y = (seen.y - py) / seen.sy, wide = NEAR / seen.sx, tall = NEAR / seen.sy;
      const square = (code) => Math.min(GRID - 1, Math.max(0, Math.floor(code / 256)));
      let best = -1, least = 1;
      for (let gx = square(x - wide); gx <= square(x + wide); gx++)
        for (let gy = square(y - tall); gy <= square(y + tall); gy++)
          for (let k = this.begin[gx * GRID + gy]; k < this.begin[gx * GRID + gy + 1]; k++) {
            const point = this.xy[this.cells[k]];
            if (point === NOWHERE || isOutside(filter, this.cells[k])) continue;
            const far = (((point & 0xffff) - x) / wide) ** 2 + (((point >>> 16) - y) / tall) ** 2;
            if (far < least) { least = far; best = this.cells[k]; }
          }
      return best;
    }
  }

  Object.assign(window.nuwaCells, { View, Grid });
})();
