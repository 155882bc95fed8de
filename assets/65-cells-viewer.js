// All panels of cells: drawn alike, moved together, and one cell, one selection for all.
(function () {
  "use strict";

  const { VERTICES, css, short, places, colours, selections, palette, ordered, Panel } = window.nuwaCells;
  const HOVER = 80; // milliseconds over a cell before the server is asked for its name

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
        this.panels.forEach((panel) => panel.moved());
      }).observe(host);
    }

    // One after the other, and of those that wait only the last.
    show(asked) {
      this.tool = this.host.dataset.tool = asked.tool;
      if (this.asked && sameCells(asked, this.asked) && this.host.dataset.drawn !== "failed") {
        this.asked.linked = asked.linked;
        return this.turn;
      }
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
      while (this.panels.length > asked.panels.length) this.panels.pop().root.remove();
      while (this.panels.length < asked.panels.length) {
        this.panels.push(new Panel(this));
        this.host.append(this.panels.at(-1).root);
      }
      this.panels.forEach((panel, i) => {
        const badge = asked.panels[i].badge ?? asked.badge;
        panel.badge.textContent = badge;
        panel.badge.hidden = !badge;
        panel.badge.title = `${asked.title}: ${badge}`;
      });
      ask(asked);
      const ground = css("--nuwa-card"), chosen = asked.selection && (await selections.get(asked.selection));
      const looks = new Map(); // of the colours of all panels, and of those that have their own
      for (const [i, panel] of this.panels.entries()) {
        const address = colourOf(asked, asked.panels[i]);
        if (!looks.has(address)) {
          const found = await colours.get(address);
          looks.set(address, [ordered(found, chosen), palette(found, ground)]);
        }
        if (this.asked !== asked) return; // something newer waits
        await panel.show(asked.panels[i]);
        panel.paint(...looks.get(address), ground, asked.size);
        if (!i) { this.first = performance.now() - began; this.host.dataset.first = asked.colour; }
      }
      this.host.dataset.selected = chosen ? chosen.selected : "";
      this.host.dataset.drawn = asked.colour;
      this.took = performance.now() - began;
    }

    // A panel shows another part: where they go together, so do all of the same embedding.
    moved(from) {
      from.moved();
      if (!this.asked.linked) return;
      for (const panel of this.panels)
        if (panel !== from && panel.key === from.key) {
          panel.view.set(from.view.state);
          panel.moved();
        }
    }

    hover(panel, cell, at) {
      if (cell === this.over) { if (cell >= 0) panel.say(this.words, ...at); return; }
      this.over = cell;
      this.words = "";
      for (const other of this.panels) {
        other.mark(other === panel || (this.asked.linked && cell < this.asked.n) ? cell : -1);
        other.say("", 0, 0);
      }
      clearTimeout(this.asking);
      if (cell < 0) return;
      this.asking = setTimeout(async () => {
        const address = cell < this.asked.n ? this.asked.name.replace("CELL", cell) : panel.name.replace("CELL", cell - this.asked.n);
        const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
        if (!answer || !answer.ok || this.over !== cell) return;
        const said = await answer.json();
        this.words = `${said.name}\n${said.value}`;
        panel.say(this.words, ...at);
      }, HOVER);
    }

    selected(panel, pixels) {
      const every = Math.ceil(pixels.length / VERTICES);
      const polygon = pixels.filter((_, k) => k % every === 0).flatMap(([x, y]) => panel.value(x, y));
      if (polygon.length < 6) return;
      window.dash_clientside.set_props("selection", { data: { in: panel.key, polygon: polygon.map(short) } });
    }

    clicked(cell) {
      if (cell >= 0 && cell < this.asked.n) window.dash_clientside.set_props("cells-clicked", { data: cell });
    }
  }

  // A panel with further cells over its own has its own colours.
  const colourOf = (asked, panel) => `${panel.colour || asked.colour}&theme=${asked.theme}`;

  // What a picture takes is asked for at once, and what none shows any more is let go.
  function ask(asked) {
    for (const [kept, addresses] of [
      [places, asked.panels.map((panel) => panel.points)],
      [colours, asked.panels.map((panel) => colourOf(asked, panel))],
      [selections, [asked.selection]],
    ]) {
      kept.keepOnly(addresses);
      addresses.filter(Boolean).forEach((address) => kept.get(address));
    }
  }

  // Is it the same picture, whatever the mouse does in it?
  function sameCells(one, other) {
    const [a, b] = [one, other].map((asked) => JSON.stringify({ ...asked, tool: "", linked: "" }));
    return a === b;
  }

  window.nuwaCells.Viewer = Viewer;
})();
