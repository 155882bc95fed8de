// The table of contents of a long page: links to its sections, which are filled when somebody gets near them, and the
// mark of the one that is being read. dashboard/components/sections.py is the other end.
(function () {
  "use strict";

  const PATIENCE = 8000; // milliseconds that sections wait for the first picture at most
  const NEAR = 600; // pixels from the window: how near a section has to be
  const LOOK = 200; // milliseconds between two looks
  const AGAIN = 3000; // and between two times that a section is asked for, should the page have been drawn anew

  const links = () => [...document.querySelectorAll(".nuwa-contents a")];
  const named = (name) => document.querySelector(`.nuwa-section[data-section="${CSS.escape(name)}"]`);
  const waiting = (section) => !!section.querySelector(".nuwa-section-waiting");

  const bar = () => { const nav = document.querySelector(".nuwa-contents"); return nav ? nav.offsetHeight : 0; }; // which hides the top

  const asked = new WeakMap(); // when each section was asked for
  function want(section) {
    if (!waiting(section) || performance.now() - (asked.get(section) ?? -AGAIN) < AGAIN) return;
    try {
      window.dash_clientside.set_props(`wanted-${section.dataset.section}`, { data: true });
      asked.set(section, performance.now());
    } catch (unknown) { /* the page stands before dash knows its parts: the next look asks */ }
  }

  // At once: on a slow way there, the sections that are passed would be filled and push away the one that is gone to.
  function top(section) {
    window.scrollTo({ top: window.scrollY + section.getBoundingClientRect().top - bar() - 12, behavior: "instant" });
  }

  let held = null; // a section that was gone to: it stays at the top while those above it are filled
  function go(name, focus) {
    const section = named(name);
    if (!section) return false;
    want(section);
    top(section);
    if (focus) section.focus({ preventScroll: true });
    held = section;
    return true;
  }
  // Until somebody scrolls: by wheel or finger, the scroll bar (which is the root's) or a key. A press in a field is none.
  const SCROLLING = ["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown", " ", "Tab"];
  const scrolls = {
    wheel: () => true, touchmove: () => true,
    pointerdown: (event) => event.target === document.documentElement, keydown: (event) => SCROLLING.includes(event.key),
  };
  for (const [kind, is] of Object.entries(scrolls))
    document.addEventListener(kind, (event) => { if (is(event)) held = null; }, { passive: true, capture: true });

  // The address of the view stays as it is, and no event tells dash of a new one: that would draw the page anew.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".nuwa-contents a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const hash = link.getAttribute("href");
    if (go(hash.slice(1), true)) history.replaceState(history.state, "", `${location.pathname}${location.search}${hash}`);
  });

  function mark() {
    const edge = bar() + 60;
    const sections = [...document.querySelectorAll(".nuwa-section")];
    const end = window.scrollY + window.innerHeight >= document.documentElement.scrollHeight - 4;
    const read = end ? sections.at(-1) : sections.findLast((s) => s.getBoundingClientRect().top <= edge) || sections[0];
    for (const link of links()) {
      const here = !!read && link.getAttribute("href") === `#${read.dataset.section}`;
      if (here === link.hasAttribute("aria-current")) continue;
      if (here) {
        link.setAttribute("aria-current", "true");
        const nav = link.parentElement; // where the links are wider than the window
        nav.scrollTo({ left: link.offsetLeft - nav.offsetLeft - 16 });
      } else link.removeAttribute("aria-current");
    }
  }

  const sized = new ResizeObserver(() => { if (held && held.isConnected) top(held); mark(); });

  // The first picture is what a person waits for: nothing competes with it but a section that the link names.
  const drawn = () => !!document.querySelector("#cells-host[data-first], #panels .main-svg");
  const since = new WeakMap(); // when each section was first seen: the page may put others in their place
  function look() {
    for (const section of document.querySelectorAll(".nuwa-section")) {
      if (!since.has(section)) {
        since.set(section, performance.now());
        sized.observe(section);
        if (location.hash === `#${section.dataset.section}`) held = section;
      }
      const box = section.querySelector(".nuwa-section-cards").getBoundingClientRect();
      const near = box.top < window.innerHeight + NEAR && box.bottom > -NEAR;
      if (section === held || (near && (drawn() || performance.now() - since.get(section) > PATIENCE))) want(section);
    }
  }
  setInterval(look, LOOK);
  document.addEventListener("scroll", () => requestAnimationFrame(mark), { passive: true });
  window.addEventListener("resize", () => requestAnimationFrame(mark));
  window.addEventListener("hashchange", () => go(location.hash.slice(1), true));
})();
