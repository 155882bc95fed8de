// The panel of the workspace: its width, and whether it is folded. dashboard/pages/clusters/workspace.py is the server side.
(function () {
  "use strict";

  const KEPT = "nuwa-panel"; // in the browser: {width, folded}
  const LEAST = 260; // pixels of the panel
  const MOST = 0.65; // of the width of the browser's viewport
  const BESIDE = 560; // pixels that the maps, their legend and the steps keep; both are in assets/91-workspace.css, too
  const WIDE = 0.46; // the same when it is widened
  const STEP = 24; // pixels for an arrow key

  const root = document.documentElement;
  const at = (id) => document.getElementById(id);
  const state = { width: null, folded: false };
  try { Object.assign(state, JSON.parse(localStorage.getItem(KEPT))); } catch (unreadable) { /* the default */ }
  const keep = () => { try { localStorage.setItem(KEPT, JSON.stringify(state)); } catch (full) { /* it is not kept */ } };

  // ---- Width and fold

  const most = () => Math.max(LEAST, Math.round(Math.min(MOST * window.innerWidth, window.innerWidth - BESIDE)));
  const within = (width) => Math.min(most(), Math.max(LEAST, Math.round(width)));

  // What is not set is left to the style sheet. A width that does not fit is kept, but not used.
  function apply() {
    if (state.width) root.style.setProperty("--panel-width", `${within(state.width)}px`);
    else root.style.removeProperty("--panel-width");
    root.toggleAttribute("data-panel-folded", state.folded);
    describe();
  }

  // What screen readers are told of the line and the buttons.
  function describe() {
    const panel = at("side-panel"), line = at("panel-splitter");
    if (!panel || !line) return;
    const now = { "aria-valuemin": LEAST, "aria-valuemax": most(), "aria-valuenow": state.folded ? 0 : panel.offsetWidth };
    for (const [name, value] of Object.entries(now)) if (line.getAttribute(name) !== String(value)) line.setAttribute(name, value);
  }

  function resize(width) {
    Object.assign(state, { width: width && within(width), folded: false });
    apply();
    keep();
  }
  function fold(folded, focus) {
    state.folded = folded;
    apply();
    keep();
    if (focus && at(focus)) at(focus).focus();
  }
  const width = () => at("side-panel").offsetWidth;
  const widened = () => width() >= within(WIDE * window.innerWidth) - 1;

  document.addEventListener("pointerdown", (event) => {
    const line = event.target.closest(".nuwa-splitter");
    if (!line || event.button) return;
    event.preventDefault();
    line.focus({ preventScroll: true });
    line.setPointerCapture(event.pointerId);
    root.toggleAttribute("data-panel-moving", true);
    const from = event.clientX, before = width();
    const move = (to) => { state.width = within(before + from - to.clientX); apply(); };
    const end = () => {
      line.removeEventListener("pointermove", move);
      root.toggleAttribute("data-panel-moving", false);
      keep();
    };
    line.addEventListener("pointermove", move);
    line.addEventListener("pointerup", end, { once: true });
    line.addEventListener("pointercancel", end, { once: true });
  });
  document.addEventListener("dblclick", (event) => { if (event.target.closest(".nuwa-splitter")) resize(null); });
  document.addEventListener("keydown", (event) => {
    if (!event.target.closest?.(".nuwa-splitter")) return;
    const keys = {
      ArrowLeft: () => resize(width() + STEP), ArrowRight: () => resize(width() - STEP),
      Home: () => resize(most()), End: () => resize(LEAST), Enter: () => fold(true, "panel-unfold"),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#panel-fold, #panel-unfold, #panel-widen");
    if (!button) return;
    if (button.id === "panel-widen") resize(widened() ? null : WIDE * window.innerWidth);
    else fold(button.id === "panel-fold", button.id === "panel-fold" ? "panel-unfold" : "panel-fold");
  });
  window.addEventListener("resize", apply);
  apply();

  document.addEventListener("nuwa:tab", () => { if (state.folded) fold(false); });

  let described = null;
  new MutationObserver(() => {
    if (at("panel-splitter") === described) return;
    described = at("panel-splitter");
    describe();
  }).observe(root, { childList: true, subtree: true });
})();
