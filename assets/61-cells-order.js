// The order in which cells are drawn; core/figures/drawing_order.py has the same for the figures of fewer cells.
(function () {
  "use strict";

  const { UNKNOWN, DIM, OUTSIDE } = window.nuwaCells;
  const SEED = 0x9e3779b9;
  const RANKS = DIM + 1; // ranks of codes in the drawing order, below those of selected cells
  const KEPT = 3; // shuffled orders that are kept: panels with mapped cells have more cells than the others

  // The numbers of n cells in a fixed order without a pattern: sorted by 16 bits of a hash, by counting.
  const orders = new Map();
  function shuffled(n) {
    if (orders.has(n)) return orders.get(n);
    const keys = new Uint16Array(n), first = new Uint32Array(65537), order = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
      let key = (i + SEED) >>> 0;
      key = Math.imul(key ^ (key >>> 16), 0x85ebca6b);
      key = Math.imul(key ^ (key >>> 13), 0xc2b2ae35);
      keys[i] = (key ^ (key >>> 16)) >>> 16;
      first[keys[i] + 1]++;
    }
    for (let k = 0; k < 65536; k++) first[k + 1] += first[k];
    for (let i = 0; i < n; i++) order[first[keys[i]]++] = i;
    if (orders.size >= KEPT) orders.delete(orders.keys().next().value);
    orders.set(n, order);
    return order;
  }

  const isIn = (bits, i) => bits[i >> 3] & (1 << (i & 7));

  // The drawing order of the cells, and their codes in it. Cells outside the filter come first, unless they are `hidden`,
  // then those that are not selected, then those that are. Among the latter two, cells in grey are first, then categories in
  // the shuffled order, so that none hides another, or numbers from low to high, so that high values stay visible. `grey`
  // (cells,) marks with 1 cells in grey that have a value. Mapped cells, which come after the cells of a selection, are drawn
  // as without one. `faint` is the number of cells outside the filter.
  function ordered(colour, selection, { filter = null, hidden = false, grey = null } = {}) {
    const { n, codes } = colour, bits = selection && selection.bits, known = selection ? selection.n : 0;
    const inside = filter && filter.bits, sequence = colour.ordered ? null : shuffled(n);
    const rank = new Uint16Array(n), first = new Uint32Array(2 * RANKS + 2), order = new Uint32Array(n), shade = new Uint16Array(n);
    for (let i = 0; i < n; i++) {
      const code = grey && grey[i] ? UNKNOWN : codes[i], chosen = bits && (i >= known || isIn(bits, i));
      if (!inside || i >= filter.n || isIn(inside, i))
        rank[i] = 1 + (chosen ? RANKS : 0) + (code === UNKNOWN ? 0 : colour.ordered ? code + 1 : 1);
      first[rank[i] + 1]++;
    }
    for (let k = 0; k <= 2 * RANKS; k++) first[k + 1] += first[k];
    const outside = first[1];
    for (let s = 0; s < n; s++) {
      const i = sequence ? sequence[s] : s, k = first[rank[i]]++, code = grey && grey[i] ? UNKNOWN : codes[i];
      order[k] = i;
      shade[k] = !rank[i] ? OUTSIDE : bits && rank[i] <= RANKS ? code + DIM : code;
    }
    if (hidden) return { order: order.subarray(outside), shade: shade.subarray(outside), faint: 0 };
    return { order, shade, faint: outside };
  }

  // (cells,) 1 for cells that are grey or outside the filter, which have no label; null where there are none.
  function unlabelled(n, grey, filter) {
    if (!filter) return grey;
    const marks = grey ? grey.slice() : new Uint8Array(n);
    for (let i = 0; i < Math.min(n, filter.n); i++) if (!isIn(filter.bits, i)) marks[i] = 1;
    return marks;
  }

  Object.assign(window.nuwaCells, { shuffled, ordered, unlabelled });
})();
