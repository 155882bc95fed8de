// The card of metadata: columns with counts of their categories, or histograms. dashboard/pages/clusters/metadata is the
// server side; 75-selection-history.js has the functions on filters.
(function () {
  "use strict";

  const BAR = 60; // height of a histogram, in the units of its drawing
  const WIDE = 240;
  const CLICK = 3; // pixels: a shorter movement is no range
  const PAUSE = 200; // milliseconds without a key until a search begins
  const FEW = 20; // categories above which a column has a search field
  const NO_VALUE = "no value", EMPTY = "empty text"; // as in viewer/selection.py

  const filters = () => window.nuwaFilters;
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const number = (n) => n.toLocaleString("en-GB");
  const short = (value) => String(Number(value.toPrecision(5)));
  const shown = (name) => (name === null ? NO_VALUE : name.trim() ? name : EMPTY);

  function element(tag, className, attributes = {}, ...children) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== null) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }
  const svg = (tag, attributes = {}) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const icon = (name) => element("i", `bi bi-${name}`, { "aria-hidden": "true" });

  let now = { filter: null, selection: null, by: "", resolution: 1, run: null }; // what the page shows
  let counter = 0; // makes each click a change
  const set_filter = (filter) => set("filter", { data: filter });

  // ---- One column

  class Column {
    constructor(card, record, id) {
      Object.assign(this, record, { card, id, isOpen: record.open, search: "", names: "" });
      const body = `${id}-body`;
      this.fold = element("button", "fold", { type: "button", "aria-controls": body, "aria-label": `Values of ${this.title}` }, icon("chevron-right"));
      this.fold.addEventListener("click", () => { this.isOpen = !this.isOpen; this.update(); card.fetch(); });
      this.name = element("button", "colour", { type: "button", title: `Colour the cells by ${this.title}` }, this.title);
      this.name.addEventListener("click", () => set("metadata-colour", { data: { by: this.by, n: ++counter } }));
      this.size = element("span", "size", {}, this.note);
      this.all = element("input", "all", { type: "checkbox", "aria-label": `Show all categories of ${this.title}` });
      this.all.addEventListener("change", () => set_filter(filters().everything(now.filter, this.about, this.all.checked)));
      this.all.hidden = this.kind !== "category";
      this.body = element("div", "body", { id: body });
      this.root = element("section", "column", { "aria-label": this.title, "data-by": this.by }, element("div", "head", {}, this.fold, this.all, this.name, this.size), this.body);
      (this.kind === "category" ? this.buildCategories : this.buildNumbers).call(this);
      this.update();
    }

    get about() { return { by: this.by, resolution: now.resolution }; }
    get passing() { return filters().passing(now.filter, this.about); }

    // What depends on the page alone: folds, check boxes and what is pressed.
    update() {
      this.fold.setAttribute("aria-expanded", this.isOpen);
      this.body.hidden = !this.isOpen;
      this.name.setAttribute("aria-pressed", now.by === this.by);
      const { only, without } = this.passing;
      this.all.checked = !only && !without.size;
      this.all.indeterminate = (only && only.size > 0) || (!only && without.size > 0);
      this.root.classList.toggle("filtered", !!(only || without.size || filters().range(now.filter, this.about)));
      for (const row of this.body.querySelectorAll("li")) this.updateRow(row);
      if (this.edges) this.mark();
    }

    // ---- Rows: categories, and the cells without a value

    updateRow(row) {
      const selection = now.selection || {}, name = row.category;
      const same = selection.by === this.by && (this.by !== "clusters" || selection.resolution === now.resolution);
      const isSelected = same && !("from" in selection || "to" in selection) && (name === null ? !!selection.missing : (selection.is || []).includes(name));
      row.button.setAttribute("aria-pressed", isSelected);
      row.check.checked = this.kind === "category" ? filters().passes(this.passing, name) : filters().missingPasses(now.filter, this.about);
    }

    row(name) {
      const text = shown(name), row = element("li", name === null ? "missing" : "");
      row.category = name;
      row.check = element("input", "", { type: "checkbox", "aria-label": `Show ${text} of ${this.title}` });
      row.check.addEventListener("change", () => set_filter(this.kind === "category" ? filters().toggled(now.filter, this.about, name, this.all_names) : filters().toggledMissing(now.filter, this.about)));
      row.ofAll = element("span", "total");
      row.shown = element("span", "part");
      row.counts = element("span", "n");
      const hidden = (words) => element("span", "visually-hidden", {}, words);
      const bar = element("span", "bar", { "aria-hidden": "true" }, row.ofAll, row.shown);
      row.button = element("button", "value", { type: "button" }, hidden("Select "), element("span", "name", { title: text }, text), bar, row.counts, hidden(" cells shown"));
      row.button.addEventListener("click", () => set("metadata-clicked", { data: { by: this.by, name, n: ++counter } }));
      row.append(row.check, row.button);
      return row;
    }

    count(row, total, part, most) {
      row.ofAll.style.width = `${(100 * total) / most}%`;
      row.shown.style.width = `${(100 * part) / most}%`;
      row.counts.textContent = part === total ? number(total) : `${number(part)} of ${number(total)}`;
    }

    buildCategories() {
      this.list = element("ul", "rows");
      this.more = element("p", "help");
      this.field = element("input", "search", { type: "search", placeholder: "Search", "aria-label": `Search the categories of ${this.title}` });
      this.field.hidden = true;
      let timer = 0;
      this.field.addEventListener("input", () => {
        clearTimeout(timer);
        timer = setTimeout(() => { this.search = this.field.value; this.card.fetch(); }, PAUSE);
      });
      this.body.append(this.field, this.list, this.more);
    }

    fillCategories({ rows, missing, categories, found }) {
      const all = [...rows, ...(missing[0] ? [[null, ...missing]] : [])];
      this.all_names = categories + (missing[0] ? 1 : 0);
      this.size.textContent = `${number(categories)} ${categories === 1 ? "category" : "categories"}`;
      this.field.hidden = categories <= FEW && !this.search;
      const names = JSON.stringify(all.map(([name]) => name));
      if (names !== this.names) { // otherwise the rows stay, and with them the focus
        this.names = names;
        this.list.replaceChildren(...all.map(([name]) => this.row(name)));
      }
      const most = Math.max(1, ...all.map(([, total]) => total));
      [...this.list.children].forEach((row, i) => { this.count(row, all[i][1], all[i][2], most); this.updateRow(row); });
      const longest = Math.max(...[...this.list.children].map((row) => row.counts.textContent.length));
      this.list.style.setProperty("--counts", `${longest}ch`); // so that all bars begin at one place
      const left = found - rows.length;
      this.more.textContent = !rows.length && this.search ? "No category matches." : left > 0 ? `The ${number(rows.length)} largest of ${number(found)} are listed. Search to see others.` : "";
    }

    // ---- Numbers: a histogram, two limits, and the cells without a value

    buildNumbers() {
      this.picture = svg("svg", { viewBox: `0 0 ${WIDE} ${BAR}`, preserveAspectRatio: "none", class: "histogram", "aria-hidden": "true" });
      this.bars = svg("g");
      this.brush = svg("rect", { class: "brush", y: 0, height: BAR, width: 0 });
      this.picture.append(this.bars, this.brush);
      this.ends = element("div", "ends");
      this.inputs = {};
      const fields = ["from", "to"].map((end) => {
        const id = `${this.id}-${end}`, input = element("input", "form-control form-control-sm", { type: "text", inputmode: "decimal", autocomplete: "off", id });
        input.addEventListener("change", () => this.typed(null)); // its error is shown when the field is left
        this.inputs[end] = input;
        input.error = element("div", "error", { id: `${id}-error`, role: "status" });
        return element("div", "nuwa-number", {}, element("label", "", { for: id }, end === "from" ? "at least" : "at most"), input, input.error);
      });
      const buttons = [["select", "Select range"], ["filter", "Show only range"]].map(([action, text]) => {
        const button = element("button", "btn btn-sm btn-outline-secondary", { type: "button", "aria-label": `${text} of ${this.title}` }, text);
        button.addEventListener("click", () => this.typed(action));
        return button;
      });
      this.list = element("ul", "rows");
      this.body.append(this.picture, this.ends, element("div", "limits", {}, ...fields), element("div", "buttons", {}, ...buttons), this.list);
      this.drag();
    }

    typed(action) {
      const { from, to } = this.inputs;
      set("metadata-typed", { data: { by: this.by, from: from.value, to: to.value, action, n: ++counter } });
    }

    drag() {
      let start = null;
      const at = (event) => {
        const box = this.picture.getBoundingClientRect();
        return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      };
      const cover = (a, b) => {
        this.brush.setAttribute("x", WIDE * Math.min(a, b));
        this.brush.setAttribute("width", WIDE * Math.abs(a - b));
      };
      this.picture.addEventListener("pointerdown", (event) => {
        if (event.button || !this.edges || this.edges.length < 2) return;
        start = at(event);
        this.picture.setPointerCapture(event.pointerId);
      });
      this.picture.addEventListener("pointermove", (event) => { if (start !== null) cover(start, at(event)); });
      this.picture.addEventListener("pointerup", (event) => {
        if (start === null) return;
        const [low, high] = [start, at(event)].sort((a, b) => a - b), wide = this.picture.getBoundingClientRect().width;
        start = null;
        if ((high - low) * wide < CLICK) { cover(0, 0); return; }
        const value = (share) => this.edges[0] + share * (this.edges.at(-1) - this.edges[0]);
        // An end of the histogram is no limit: rounding must not leave out the lowest and the highest cell.
        this.inputs.from.value = low > 0 ? short(value(low)) : "";
        this.inputs.to.value = high < 1 ? short(value(high)) : "";
        if (low <= 0 && high >= 1) this.inputs.from.value = short(this.edges[0] - (this.edges[1] - this.edges[0]));
        this.typed("select");
      });
      this.picture.addEventListener("pointercancel", () => { start = null; cover(0, 0); });
    }

    // The range that is selected, over the histogram.
    mark() {
      const { by, from, to } = now.selection || {}, low = this.edges[0], wide = this.edges.at(-1) - low || 1;
      const at = (value, end) => (value === undefined ? end : Math.min(1, Math.max(0, (value - low) / wide)));
      const isRange = by === this.by && (from !== undefined || to !== undefined);
      this.brush.setAttribute("x", isRange ? WIDE * at(from, 0) : 0);
      this.brush.setAttribute("width", isRange ? Math.max(0, WIDE * (at(to, 1) - at(from, 0))) : 0);
    }

    fillNumbers({ edges, total, shown: part, missing }) {
      this.edges = edges;
      this.mark();
      const wide = WIDE / Math.max(1, total.length), most = Math.max(1, ...total);
      const bar = (n, i, name) => svg("rect", { class: name, x: i * wide, width: wide * 0.9, y: BAR * (1 - n / most), height: (BAR * n) / most });
      this.bars.replaceChildren(...total.map((n, i) => bar(n, i, "total")), ...part.map((n, i) => bar(n, i, "part")));
      this.ends.replaceChildren(...(total.length ? [edges[0], edges.at(-1)].map((edge) => element("span", "", {}, short(edge))) : ["No cell has a value."]));
      const rows = missing[0] ? [null] : [];
      if (this.list.children.length !== rows.length) this.list.replaceChildren(...rows.map(() => this.row(null)));
      const sum = total.reduce((a, b) => a + b, 0) + missing[0];
      [...this.list.children].forEach((row) => { this.count(row, missing[0], missing[1], sum); this.updateRow(row); });
      const limits = filters().range(now.filter, this.about);
      this.size.textContent = limits ? `${"from" in limits ? short(limits.from) : "lowest"} to ${"to" in limits ? short(limits.to) : "highest"}` : this.note;
    }

    fill(entry) {
      if (this.kind === "category" && entry.rows) this.fillCategories(entry);
      else if (this.kind === "number" && entry.edges) this.fillNumbers(entry);
    }
  }

  // ---- The card

  class Card {
    constructor(host) { this.host = host; this.columns = []; this.request = null; }

    // The columns stay as they are where the server names the same.
    build(records) {
      const before = new Map(this.columns.map((column) => [column.by, column]));
      this.columns = records.map((record, i) => before.get(record.by) || new Column(this, record, `metadata-${++counter}-${i}`));
      this.host.replaceChildren(...this.columns.map((column) => column.root));
    }

    // Counts of the open columns. Of two requests only the later is shown.
    async fetch() {
      const open = this.columns.filter((column) => column.isOpen), began = performance.now();
      if (this.request) this.request.abort();
      const request = (this.request = new AbortController());
      const query = new URLSearchParams({ resolution: now.resolution, columns: JSON.stringify(open.map(({ by, search }) => ({ by, search }))) });
      if (now.filter) query.set("filter", JSON.stringify(now.filter));
      this.host.dataset.counted = "";
      try {
        const response = await fetch(`/cells/${now.run}/metadata?${query}`, { credentials: "same-origin", signal: request.signal });
        const answer = await response.json();
        if (!response.ok) throw new Error(answer.error);
        open.forEach((column, i) => column.fill(answer.columns[i]));
        this.note("");
        this.host.dataset.counted = JSON.stringify(now.filter);
        this.took = performance.now() - began;
      } catch (error) {
        if (error.name !== "AbortError") this.note(error.message || "The counts could not be loaded. Reload the page.");
      }
    }

    note(text) {
      if (!this.message) this.message = element("p", "nuwa-notice warn", { role: "status" });
      this.message.textContent = text;
      if (text) this.host.prepend(this.message); else this.message.remove();
    }
  }

  let card = null;
  window.nuwaMetadata = { get card() { return card; } };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    nuwaMetadata: {
      show(columns, filter, selection, by, resolution, run) {
        const host = document.getElementById("metadata-host");
        if (!host || !columns) return null;
        const key = [filter, resolution, run, columns.map((column) => column.by)], before = now.key;
        now = { filter: filter && filter.length ? filter : null, selection, by, resolution, run, key: JSON.stringify(key) };
        if (!card || card.host !== host) card = new Card(host);
        if (card.columns.map((column) => column.by).join() !== columns.map((column) => column.by).join()) card.build(columns);
        card.columns.forEach((column) => column.update());
        if (before !== now.key || !host.dataset.counted) card.fetch();
        return null;
      },

      // Below the fields of a column, what cannot be used of them.
      errors(errors) {
        const column = errors && card && card.columns.find((one) => one.by === errors.by);
        if (column && column.inputs) for (const end of ["from", "to"]) column.inputs[end].error.textContent = errors[end] || "";
      },
    },
  });
})();
