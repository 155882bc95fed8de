// All panels of cells: same colours, linked movement, and one hovered cell and one selection for all.
(function () {
  "use strict";

  const { VERTICES, css, short, places, colours, selections, palette, ordered, unlabelled, Panel } = window.nuwaCells;
  const HOVER = 80; // milliseconds over a cell before its tooltip is requested

  class Viewer {
    constructor(host) {
      this.host = host;
      this.panels = [];
      this.tool = "pan";
      this.turn = Promise.resolve();
      this.sized = new ResizeObserver(() => { if (host.clientWidth) this.panels.forEach((panel) => panel.moved()); });
    }

    // Drawings run one after the other; of those that wait, only the last is drawn.
    show(spec) {
      this.tool = this.host.dataset.tool = spec.tool;
      if (this.spec && sameCells(spec, this.spec) && this.host.dataset.drawn !== "failed") {
        this.spec.linked = spec.linked;
        return this.turn;
      }
      this.spec = spec;
      this.turn = this.turn.then(() => (this.spec === spec ? this.draw(spec) : null)).catch((error) => {
        this.host.dataset.drawn = "failed";
        this.panels.forEach((panel) => { panel.note.textContent = error.message; });
      });
      return this.turn;
    }

    async draw(spec) {
      const began = performance.now();
      this.host.dataset.drawn = "";
      this.host.classList.toggle("small", spec.small);
      while (this.panels.length > spec.panels.length) {
        const { root, frame } = this.panels.pop();
        this.sized.unobserve(frame);
        root.remove();
      }
      while (this.panels.length < spec.panels.length) {
        const panel = new Panel(this);
        this.panels.push(panel);
        this.host.append(panel.root);
        this.sized.observe(panel.frame);
      }
      this.panels.forEach((panel, i) => {
        const { badge, colour_name: name } = spec.panels[i];
        panel.badge.textContent = badge;
        panel.badge.hidden = !badge;
        panel.badge.title = `${name}: ${badge}`;
      });
      request(spec);
      const background = css("--nuwa-card"), chosen = spec.selection && (await selections.get(spec.selection));
      const filter = spec.filter && (await selections.get(spec.filter)), hidden = spec.outside === "hidden";
      const looks = new Map(); // by what is coloured and how: panels that look the same share it
      for (const [i, panel] of this.panels.entries()) {
        const { only } = spec.panels[i], address = themed(spec, spec.panels[i].colour), look = `${address} ${only ? only.code : ""}`;
        const colour = await colours.get(address);
        if (!looks.has(look)) {
          const grey = only && others(await colours.get(themed(spec, only.colour)), only.code);
          const drawn = ordered(colour, chosen, { filter, hidden, grey });
          looks.set(look, [{ ...drawn, skipped: unlabelled(colour.n, grey, filter) }, palette(colour, background)]);
        }
        if (this.spec !== spec) return; // a newer one waits
        await panel.show(spec.panels[i]);
        panel.paint(...looks.get(look), background, spec.size, spec.labels ? colour : null, hidden ? filter : null);
        if (!i) { this.first = performance.now() - began; this.host.dataset.first = spec.colour; }
      }
      this.host.dataset.selected = chosen ? chosen.selected : "";
      this.host.dataset.shown = filter ? filter.selected : "";
      this.host.dataset.drawn = spec.colour;
      this.took = performance.now() - began;
    }

    // A panel was moved: where panels are linked, all of the same embedding move with it.
    moved(from) {
      from.moved();
      if (!this.spec.linked) return;
      for (const panel of this.panels)
        if (panel !== from && panel.key === from.key) {
          panel.view.set(from.view.state);
          panel.moved();
        }
    }

    hover(panel, cell, at) {
      if (cell === this.hovered) { if (cell >= 0) panel.showTip(this.tooltip, ...at); return; }
      this.hovered = cell;
      this.tooltip = "";
      for (const other of this.panels) {
        other.mark(other === panel || (this.spec.linked && cell < this.spec.n) ? cell : -1);
        other.showTip("", 0, 0);
      }
      clearTimeout(this.hoverTimer);
      if (cell < 0) return;
      this.hoverTimer = setTimeout(async () => {
        const { n } = this.spec, { name: of, own_name: own } = panel.spec; // mapped cells follow the run's own
        const address = cell < n ? (own || of).replace("CELL", cell) : of.replace("CELL", cell - n);
        const response = await fetch(address, { credentials: "same-origin" }).catch(() => null);
        if (!response || !response.ok || this.hovered !== cell) return;
        const { name, value } = await response.json();
        this.tooltip = `${name}\n${value}`;
        panel.showTip(this.tooltip, ...at);
      }, HOVER);
    }

    selected(panel, pixels) {
      const every = Math.ceil(pixels.length / VERTICES);
      const polygon = pixels.filter((_, k) => k % every === 0).flatMap(([x, y]) => panel.value(x, y));
      if (polygon.length < 6) return;
      window.dash_clientside.set_props("selection", { data: { in: panel.key, polygon: polygon.map(short) } });
    }

    clicked(cell) {
      if (cell >= 0 && cell < this.spec.n) window.dash_clientside.set_props("cells-clicked", { data: cell });
    }
  }

  const themed = (spec, address) => `${address}&theme=${spec.theme}`;

  // (cells,) 1 for the cells of other categories than the one with this code.
  const others = ({ codes }, code) => codes.map((one) => (one === code ? 0 : 1));

  // Everything that a drawing needs is requested at once; what no panel shows is dropped from the caches.
  function request(spec) {
    for (const [cache, addresses] of [
      [places, spec.panels.map((panel) => panel.points)],
      [colours, spec.panels.flatMap(({ colour, only }) => [colour, ...(only ? [only.colour] : [])].map((one) => themed(spec, one)))],
      [selections, [spec.selection, spec.filter]],
    ]) {
      cache.keepOnly(addresses);
      addresses.filter(Boolean).forEach((address) => cache.get(address));
    }
  }

  // Whether two drawings differ in nothing but the tool and the linking of panels.
  function sameCells(one, other) {
    const [a, b] = [one, other].map((spec) => JSON.stringify({ ...spec, tool: "", linked: "" }));
    return a === b;
  }

  window.nuwaCells.Viewer = Viewer;
})();
