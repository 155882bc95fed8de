// What the server sends of cells: coordinates once, two bytes an axis, colours as one byte a cell.
// dashboard/pages/clusters/viewer/routes.py is the other end; the files of this family meet in window.nuwaCells.
(function () {
  "use strict";

  const TALL = 360; // pixels of a panel
  const VERTICES = 200; // of a lasso, as many as fit into a link
  const FULL = 65534; // the highest coordinate
  const NOWHERE = -1; // the coordinates of a cell without a place: 65535 twice, as one number with a sign

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const element = (tag, className) => {
    const made = document.createElement(tag);
    if (className) made.className = className;
    return made;
  };
  const short = (value) => Number(value.toPrecision(5));

  // A message: the length of its head, the head as JSON, then the numbers.
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
        coming.catch(() => this.found.delete(url)); // told of where it is awaited
        this.found.set(url, coming);
      }
      return this.found.get(url);
    }
    keepOnly(urls) { for (const url of [...this.found.keys()]) if (!urls.includes(url)) this.found.delete(url); }
  }

  window.nuwaCells = {
    TALL, VERTICES, FULL, NOWHERE, css, element, short,
    // x in the lower and y in the upper half of a number a cell.
    places: new Kept(({ head, buffer, start }) => ({ ...head, xy: new Int32Array(buffer, start, head.n) })),
    colours: new Kept(({ head, buffer, start }) => ({ ...head, codes: new Uint8Array(buffer, start, head.n) })),
    selections: new Kept(({ head, buffer, start }) => ({ ...head, bits: new Uint8Array(buffer, start) })),
  };
})();
