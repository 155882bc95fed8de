// The list of a picker (dashboard/components/picker.py), in place of that of dcc.Dropdown: its search has the focus as soon
// as it opens, options stand in groups, the best match and recent choices first.
(function () {
  const MOST_RECENT = 8;
  let open = null; // { button, id, source, recent, multi, box, search, list, options, active, asked, wanted }

  const optionOf = (one) => (typeof one === "object" ? one : { label: String(one), value: one });
  const keyOf = (button) => (button.id.startsWith("{") ? JSON.parse(button.id) : button.id);
  const props = () => (window.dash_component_api.getLayout(open.id) || { props: {} }).props;
  const chosen = () => [props().value].flat().filter((value) => value !== null && value !== undefined);
  const make = (name, attributes, text) => {
    const part = Object.assign(document.createElement(name), text === undefined ? {} : { textContent: text });
    for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
    return part;
  };

  // ---- choices of before, kept in the browser
  const place = (name) => `nuwa-recent-${name}`;
  function recentOf(name) {
    try { return (name && JSON.parse(localStorage.getItem(place(name)))) || []; } catch { return []; }
  }
  function remember(name, value) {
    if (!name) return;
    const values = [value, ...recentOf(name).filter((one) => one !== value)].slice(0, MOST_RECENT);
    try { localStorage.setItem(place(name), JSON.stringify(values)); } catch { /* a private window keeps nothing */ }
  }

  // ---- the options of a dropdown itself, by the typed text: exact, at the start, inside
  const plain = (text) => String(text).toLowerCase().replace(/[-_./\s]/g, "");
  function rank(option, typed) {
    const names = [option.label, ...[option.search || []].flat()].map(plain);
    const ranks = names.map((name) => (name === typed ? 0 : name.startsWith(typed) ? 1 : name.includes(typed) ? 2 : 3));
    return Math.min(...ranks);
  }
  function localGroups(text) {
    const typed = plain(text), recent = recentOf(open.recent);
    const all = (props().options || []).map(optionOf);
    const found = all.map((option, at) => ({ option, at, rank: rank(option, typed), old: recent.indexOf(option.value) }))
      .filter((one) => one.rank < 3);
    const latest = (one) => (one.old < 0 ? recent.length : one.old);
    if (typed) found.sort((a, b) => a.rank - b.rank || latest(a) - latest(b) || a.at - b.at);
    const groups = new Map();
    if (!typed) {
      const again = found.filter((one) => one.old >= 0).sort((a, b) => a.old - b.old).map((one) => one.option);
      if (again.length) groups.set("Recent", again);
    }
    for (const { option } of found) {
      const title = option.group || "";
      groups.set(title, [...(groups.get(title) || []), option]);
    }
    return [...groups].map(([title, options]) => ({ title, options, note: "" }));
  }

  // ---- the list
  async function refresh() {
    const here = open, text = here.search.value;
    here.asked?.abort();
    if (!here.source) return draw(localGroups(text));
    here.asked = new AbortController();
    const query = new URLSearchParams({ text });
    for (const value of recentOf(here.recent)) query.append("recent", value);
    here.box.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(`${here.source}${here.source.includes("?") ? "&" : "?"}${query}`, { signal: here.asked.signal });
      if (!answer.ok) throw new Error(answer.status);
      const { groups } = await answer.json();
      if (open !== here || here.search.value !== text) return;
      here.asked = null;
      draw(groups);
      if (here.wanted) choose(here.options[here.active]);
    } catch (error) {
      if (error.name === "AbortError" || open !== here) return;
      here.asked = null;
      draw([], "The server does not answer. Try again.");
    }
  }

  function draw(groups, message = "No options match.") {
    const values = chosen(), parts = [];
    open.options = [];
    for (const { title, options, note } of groups) {
      const group = make("div", title ? { role: "group", "aria-label": title } : { role: "presentation" });
      if (title) group.append(make("div", { class: "nuwa-picker-heading", "aria-hidden": "true" }, title));
      for (const option of options) {
        const item = make("div", {
          id: `nuwa-picker-${open.options.length}`, role: "option", class: "nuwa-picker-option", title: option.label,
          "aria-selected": String(values.includes(option.value)), "data-at": open.options.length,
        }, option.label);
        if (option.disabled) item.setAttribute("aria-disabled", "true");
        group.append(item);
        open.options.push(option);
      }
      if (note) group.append(make("div", { class: "nuwa-picker-note" }, note));
      parts.push(group);
    }
    if (!open.options.length) parts.push(make("div", { class: "nuwa-picker-note", role: "status" }, message));
    open.list.replaceChildren(...parts);
    open.box.removeAttribute("aria-busy");
    const current = open.search.value ? -1 : open.options.findIndex((option) => values.includes(option.value));
    activate(Math.max(current, 0));
    if (current < 1) open.list.scrollTop = 0;
  }

  function activate(at) {
    open.list.querySelector(".active")?.classList.remove("active");
    const item = open.list.querySelector(`[data-at="${at}"]`);
    open.active = item ? at : -1;
    if (!item) return open.search.removeAttribute("aria-activedescendant");
    item.classList.add("active");
    item.scrollIntoView({ block: "nearest" });
    open.search.setAttribute("aria-activedescendant", item.id);
  }

  function choose(option) {
    if (!option || option.disabled) return;
    const { id, source, multi, recent } = open, before = chosen();
    let value = option.value;
    if (multi) value = before.includes(value) ? before.filter((one) => one !== value) : [...before, value];
    const known = (props().options || []).map(optionOf).filter((one) => multi && before.includes(one.value) && one.value !== option.value);
    window.dash_clientside.set_props(id, source ? { options: [...known, option], value } : { value });
    remember(recent, option.value);
    if (!multi) return close(true);
    for (const item of open.list.querySelectorAll("[data-at]"))
      item.setAttribute("aria-selected", String(value.includes(open.options[item.dataset.at].value)));
  }

  // ---- opening and closing
  function show(button, text = "") {
    if (open) close(false);
    const wrapper = button.closest(".nuwa-picker"), name = document.querySelector(`label[for="${CSS.escape(button.id)}"]`);
    const label = name ? name.textContent : "Options";
    const box = make("div", { class: "nuwa-picker-list" });
    const search = make("input", {
      type: "search", class: "nuwa-picker-search form-control", placeholder: "Search", autocomplete: "off", spellcheck: "false",
      role: "combobox", "aria-expanded": "true", "aria-autocomplete": "list", "aria-controls": "nuwa-picker-options", "aria-label": label,
    });
    const list = make("div", { id: "nuwa-picker-options", class: "nuwa-picker-options", role: "listbox", "aria-label": label });
    open = { button, id: keyOf(button), source: wrapper.dataset.source, recent: wrapper.dataset.recent, box, search, list, options: [] };
    open.multi = !!props().multi;
    if (open.multi) list.setAttribute("aria-multiselectable", "true");
    box.append(search, list);
    document.body.append(box);
    button.setAttribute("aria-expanded", "true");
    search.value = text;
    position();
    search.focus();
    refresh();
  }

  function close(back) {
    if (!open) return;
    const { button, box, asked } = open;
    asked?.abort();
    open = null;
    box.remove();
    button.setAttribute("aria-expanded", "false");
    if (back) button.focus();
  }

  // Below the field, above it where there is more room, and over it where neither holds all rows.
  function position() {
    if (!open.button.isConnected) return close(false);
    const edge = 8, field = open.button.getBoundingClientRect(), height = Math.min(open.box.offsetHeight, innerHeight - 2 * edge);
    const width = Math.min(Math.max(field.width, 320), innerWidth - 2 * edge);
    let top = field.bottom + 4;
    if (top + height > innerHeight - edge) top = field.top - height - 4;
    if (top < edge) top = innerHeight - edge - height;
    const left = Math.max(edge, Math.min(field.left, innerWidth - edge - width));
    Object.assign(open.box.style, { top: `${top}px`, left: `${left}px`, width: `${width}px` });
  }

  // ---- events, before React hears them
  function buttonOf(event) {
    const button = event.target.closest?.(".nuwa-picker button.dash-dropdown");
    return button && !button.disabled && !event.target.closest(".dash-dropdown-clear") ? button : null;
  }
  const stop = (event) => { event.preventDefault(); event.stopPropagation(); };
  const opens = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && (["Enter", "ArrowDown", "ArrowUp"].includes(event.key) || event.key.length === 1);

  document.addEventListener("click", (event) => {
    const button = buttonOf(event);
    if (!button) return;
    stop(event);
    if (open?.button !== button) show(button);
    else if (event.detail < 2) close(true); // the second click of a double click does not close what the first has opened
  }, true);
  for (const type of ["keydown", "keyup"])
    document.addEventListener(type, (event) => {
      const button = buttonOf(event);
      if (!button || !opens(event)) return;
      stop(event);
      if (type === "keydown" && !event.repeat) show(button, event.key.length === 1 ? event.key.trim() : "");
    }, true);

  document.addEventListener("pointerdown", (event) => {
    if (open && !open.box.contains(event.target) && !open.button.contains(event.target)) close(false);
  }, true);
  document.addEventListener("input", (event) => { if (open && event.target === open.search) { open.wanted = false; refresh(); } });
  document.addEventListener("click", (event) => {
    const item = open && open.list.contains(event.target) && event.target.closest("[data-at]");
    if (item) choose(open.options[item.dataset.at]);
  });
  document.addEventListener("pointerdown", (event) => { if (open && open.list.contains(event.target)) event.preventDefault(); }); // the search keeps the focus
  document.addEventListener("keydown", (event) => {
    if (!open || event.target !== open.search) return;
    const last = open.options.length - 1;
    const to = { ArrowDown: open.active + 1, ArrowUp: open.active - 1, PageDown: open.active + 10, PageUp: open.active - 10 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      activate(event.key.startsWith("Page") ? Math.max(0, Math.min(to, last)) : to > last ? 0 : to < 0 ? last : to);
    } else if (event.key === "Enter" && !event.repeat) {
      event.preventDefault();
      if (open.asked) open.wanted = true; // the answer to what was typed is on its way
      else choose(open.options[open.active]);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close(true);
    } else if (event.key === "Tab") {
      close(true); // the focus goes on from the field
    }
  }, true);
  document.addEventListener("focusin", (event) => {
    if (open && !open.box.contains(event.target) && event.target !== open.button) close(false);
  });
  addEventListener("resize", () => open && position());
  addEventListener("scroll", (event) => { if (open && !open.box.contains(event.target)) position(); }, true);

  // ---- the name of every dropdown for screen readers: Dash names it by its value alone
  function name() {
    for (const button of document.querySelectorAll("button.dash-dropdown:not([data-named])")) {
      const label = document.querySelector(`label[for="${CSS.escape(button.id)}"]`);
      if (!label) continue;
      label.id ||= `${button.id}-name`;
      button.setAttribute("aria-labelledby", `${label.id} ${button.getAttribute("aria-labelledby")}`);
      button.dataset.named = "";
    }
  }
  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; name(); if (open && !open.button.isConnected) close(false); });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
