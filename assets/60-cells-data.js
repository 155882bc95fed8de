// The data of cells from the server: coordinates (two bytes per axis) and colours (one byte per cell), kept while shown.
// dashboard/pages/clusters/viewer/routes.py is the server; the files 6*-cells-*.js share window.nuwaCells.
(function () {
  "use strict";

  const VERTICES = 200; // of a lasso; as many as fit into a link
  const FULL = 65534; // the highest coordinate
  const NOWHERE = -1; // of a cell without coordinates: 65535 twice, as one signed number

  const UNKNOWN = 255; // the code of a cell without a value
  const DIM = 256; // added to the code of a cell that is not selected
  const OUTSIDE = 2 * DIM; // the code of a cell outside the filter

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const element = (tag, className) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    return node;
  };
  const short = (value) => Number(value.toPrecision(5));

  // A message: the length of its head, the head as JSON, then the numbers (core/figures/binary.py).
  async function receive(url) {
    const response = await fetch(url, { credentials: "same-origin" });
    if (!response.ok) {
      const message = await response.json().then((body) => body.error, () => "");
      throw new Error(message || "The server could not send this plot. Reload the page.");
    }
    const buffer = await response.arrayBuffer();
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    return { head, buffer, start: 4 + length };
  }

  // Each address is fetched once and cached as long as something on the page shows it.
  class Cache {
    constructor(open) { this.open = open; this.entries = new Map(); }
    get(url) {
      if (!this.entries.has(url)) {
        const entry = receive(url).then(this.open);
        entry.catch(() => this.entries.delete(url)); // the error is reported where the entry is awaited
        this.entries.set(url, entry);
      }
      return this.entries.get(url);
    }
    keepOnly(urls) { for (const url of [...this.entries.keys()]) if (!urls.includes(url)) this.entries.delete(url); }
  }

  window.nuwaCells = {
    VERTICES, FULL, NOWHERE, UNKNOWN, DIM, OUTSIDE, css, element, short,
    // One number per cell: x in its lower half, y in its upper half.
    places: new Cache(({ head, buffer, start }) => ({ ...head, xy: new Int32Array(buffer, start, head.n) })),
    colours: new Cache(({ head, buffer, start }) => ({ ...head, codes: new Uint8Array(buffer, start, head.n) })),
    selections: new Cache(({ head, buffer, start }) => ({ ...head, bits: new Uint8Array(buffer, start) })),
  };
})();
