// Tabs as the ARIA guide describes them: arrow keys, Home and End walk them, and only the open one is in the order of Tab.
// The open tab is in the address (#name); its cards are requested when it is first opened. dashboard/components/tabs.py is
// the server side.
(function () {
  "use strict";

  const PATIENCE = 8000; // milliseconds that the first tab waits at most for the maps
  const POLL = 200; // milliseconds between two checks

  const tabs = () => [...document.querySelectorAll(".nuwa-tabs [role=tab]")];
  const named = (name) => tabs().find((tab) => tab.dataset.tab === name);
  const pane = (tab) => document.getElementById(tab.getAttribute("aria-controls"));

  // The page may be there before Dash knows its components, and may be drawn again: ask until the cards are there.
  function request(tab, since = performance.now()) {
    const waiting = tab.isConnected && pane(tab) && pane(tab).querySelector(".nuwa-tab-waiting");
    if (!waiting || waiting.dataset.requested) return;
    try {
      window.dash_clientside.set_props(`wanted-${tab.dataset.tab}`, { data: true });
      waiting.dataset.requested = "true";
    } catch (unknown) {
      if (performance.now() - since < PATIENCE) setTimeout(() => request(tab, since), POLL);
    }
  }

  // The first map is drawn first: nothing competes with it but a tab that somebody opens.
  const drawn = () => !!document.querySelector("#cells-host[data-first], #panels .main-svg");
  function later(tab, since = performance.now()) {
    if (drawn() || performance.now() - since > PATIENCE) request(tab);
    else setTimeout(() => later(tab, since), POLL);
  }

  function select(tab) {
    for (const other of tabs()) {
      const open = other === tab;
      other.setAttribute("aria-selected", open);
      other.tabIndex = open ? 0 : -1;
      pane(other).hidden = !open;
    }
    tab.scrollIntoView({ block: "nearest", inline: "nearest" }); // where tabs are wider than the panel
  }

  function open(tab) {
    select(tab);
    request(tab);
    document.dispatchEvent(new CustomEvent("nuwa:tab", { detail: tab.dataset.tab }));
    // The query stays as it is, and Dash gets no event of a new address: it would draw the page again.
    history.replaceState(history.state, "", `${location.pathname}${location.search}#${tab.dataset.tab}`);
  }

  document.addEventListener("click", (event) => {
    const tab = event.target.closest(".nuwa-tabs [role=tab]");
    if (tab) open(tab);
  });
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.(".nuwa-tabs [role=tab]");
    if (!tab || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = tabs(), at = all.indexOf(tab), last = all.length - 1;
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all.at(to > last ? 0 : to);
    next.focus();
    open(next);
  });
  window.addEventListener("hashchange", () => {
    const tab = named(location.hash.slice(1));
    if (tab) open(tab);
  });

  // A new page opens the tab of its link, and loads its first tab after the maps.
  let list = null;
  new MutationObserver(() => {
    const now = document.querySelector(".nuwa-tabs");
    if (now === list) return;
    list = now;
    const tab = now && named(location.hash.slice(1));
    if (tab) { select(tab); request(tab); }
    else if (now) later(tabs()[0]);
  }).observe(document.documentElement, { childList: true, subtree: true });

  window.nuwaTabs = { open: (name) => { const tab = named(name); if (tab) open(tab); } };
})();
