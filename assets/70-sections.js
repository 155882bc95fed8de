// The table of contents of a long page: links to its sections, which are loaded when somebody scrolls near them, and the
// highlight of the current one. dashboard/components/sections.py is the server side.
(function () {
  "use strict";

  const PATIENCE = 8000; // milliseconds that sections wait at most for the first plot
  const NEAR = 600; // pixels: how near the visible part a section has to be
  const POLL = 200; // milliseconds between two checks
  const RETRY = 3000; // milliseconds between two requests of a section, in case the page was drawn again

  const links = () => [...document.querySelectorAll(".nuwa-contents a")];
  const named = (name) => document.querySelector(`.nuwa-section[data-section="${CSS.escape(name)}"]`);
  const waiting = (section) => !!section.querySelector(".nuwa-section-waiting");

  const bar = () => { const nav = document.querySelector(".nuwa-contents"); return nav ? nav.offsetHeight : 0; }; // it covers the top of the page

  const requested = new WeakMap(); // when each section was requested
  function request(section) {
    if (!waiting(section) || performance.now() - (requested.get(section) ?? -RETRY) < RETRY) return;
    try {
      window.dash_clientside.set_props(`wanted-${section.dataset.section}`, { data: true });
      requested.set(section, performance.now());
    } catch (unknown) { /* the page exists before Dash knows its components: the next check requests it */ }
  }

  // Without smooth scrolling: sections on the way would be loaded and push the target away.
  function top(section) {
    window.scrollTo({ top: window.scrollY + section.getBoundingClientRect().top - bar() - 12, behavior: "instant" });
  }

  let held = null; // the target of a link: it stays at the top while sections above it are loaded
  function go(name, focus) {
    const section = named(name);
    if (!section) return false;
    request(section);
    top(section);
    if (focus) section.focus({ preventScroll: true });
    held = section;
    return true;
  }
  // Until somebody scrolls: by wheel, touch, scroll bar (an event of the root) or key. A key in a field does not count.
  const SCROLLING = ["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", " ", "Tab"];
  const scrolls = {
    wheel: () => true, touchmove: () => true,
    pointerdown: (event) => event.target === document.documentElement, keydown: (event) => SCROLLING.includes(event.key),
  };
  for (const [kind, is] of Object.entries(scrolls))
    document.addEventListener(kind, (event) => { if (is(event)) held = null; }, { passive: true, capture: true });

  // The query stays as it is, and Dash gets no event of a new address: it would draw the page again.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".nuwa-contents a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const hash = link.getAttribute("href");
    if (go(hash.slice(1), true)) history.replaceState(history.state, "", `${location.pathname}${location.search}${hash}`);
  });

  function highlight() {
    const edge = bar() + 60;
    const sections = [...document.querySelectorAll(".nuwa-section")];
    const end = window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 4;
    const current = end ? sections.at(-1) : sections.findLast((s) => s.getBoundingClientRect().top <= edge) || sections[0];
    for (const link of links()) {
      const here = !!current && link.getAttribute("href") === `#${current.dataset.section}`;
      if (here === link.hasAttribute("aria-current")) continue;
      if (here) {
        link.setAttribute("aria-current", "true");
        const nav = link.parentElement; // for links wider than the page
        nav.scrollTo({ left: link.offsetLeft - nav.offsetLeft - 16 });
      } else link.removeAttribute("aria-current");
    }
  }

  const sized = new ResizeObserver(() => { if (held && held.isConnected) top(held); highlight(); });

  // The first plot is loaded first: nothing competes with it but the section of the link.
  const drawn = () => !!document.querySelector("#cells-host[data-first], #panels .main-svg");
  const since = new WeakMap(); // when each section was first seen: the page may replace them
  function check() {
    for (const section of document.querySelectorAll(".nuwa-section")) {
      if (!since.has(section)) {
        since.set(section, performance.now());
        sized.observe(section);
        if (location.hash === `#${section.dataset.section}`) held = section;
      }
      const box = section.querySelector(".nuwa-section-cards").getBoundingClientRect();
      const near = box.top < window.innerHeight + NEAR && box.bottom > -NEAR;
      if (section === held || (near && (drawn() || performance.now() - since.get(section) > PATIENCE))) request(section);
    }
  }
  setInterval(check, POLL);
  document.addEventListener("scroll", () => requestAnimationFrame(highlight), { passive: true });
  window.addEventListener("resize", () => requestAnimationFrame(highlight));
  window.addEventListener("hashchange", () => go(location.hash.slice(1), true));
})();
