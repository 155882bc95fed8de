// The functions of the viewer that Dash calls: see dashboard/pages/clusters/viewer/callbacks.py.
(function () {
  "use strict";

  const { Viewer, plotly, save } = window.nuwaCells;

  let viewer = null;
  function viewerOf(host) {
    if (!viewer || viewer.host !== host) viewer = new Viewer(host);
    return viewer;
  }
  const theme = () => document.documentElement.dataset.bsTheme || "light";

  // A page with many cells contains what to draw: it is drawn before Dash has requested anything.
  new MutationObserver(() => {
    const host = document.getElementById("cells-host");
    if (!host || !host.dataset.initial) return;
    const spec = JSON.parse(host.dataset.initial);
    delete host.dataset.initial;
    viewerOf(host).show({ ...spec, theme: theme() });
  }).observe(document.documentElement, { childList: true, subtree: true });

  window.nuwaViewer = {
    get all() { return viewer; },
    // Whether the panels are drawn here rather than by plotly.
    get shown() { return !!(viewer && viewer.host.isConnected && !viewer.host.closest("[hidden]")); },
    save: (form) => save(viewer, form),
  };

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    nuwa: {
      webgl: () => !!document.createElement("canvas").getContext("webgl"),

      async show(spec) {
        const host = document.getElementById("cells-host");
        if (!spec || !host) return;
        if (host.closest("[hidden]")) await new Promise(requestAnimationFrame); // a hidden host has no width
        viewerOf(host).show(spec);
      },

      tool(tool) {
        if (viewer) viewer.tool = viewer.host.dataset.tool = tool;
        plotly.tool(tool);
      },

      hovered: plotly.ring,

      lassoed(data, count, ...keys) {
        return plotly.outline(data, keys.slice(0, count)) || window.dash_clientside.no_update;
      },

      // The address holds what is shown; the page is not loaded again.
      address(_, outside, count, one, two, three, four, by, resolution, dimensions, selection, place, run, filter) {
        const query = new URLSearchParams({ run });
        if (place && place.dataset) query.set("dataset", place.dataset);
        query.set("panels", [one, two, three, four].slice(0, count).join("~"));
        query.set("by", by);
        query.set("resolution", resolution);
        if (dimensions === 3) query.set("dimensions", 3);
        if (selection) query.set("select", JSON.stringify(selection));
        if (filter && filter.length) query.set("filter", JSON.stringify(filter));
        if (outside === "hidden") query.set("outside", outside);
        // The parameters of other cards stay: dashboard/pages/clusters/mapping/callbacks.py.
        for (const [name, value] of new URLSearchParams(location.search)) {
          if (name.startsWith("mapped")) query.set(name, value);
        }
        if (location.pathname === "/clusters") history.replaceState(history.state, "", `?${query}${location.hash}`);
      },
    },
  });
})();
