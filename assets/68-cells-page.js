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

      lassoed(data, figure) {
        const { no_update: nothing } = window.dash_clientside, { shown = [] } = (figure && figure.layout.meta) || {};
        return plotly.outline(data, shown.map(({ key }) => key)) || nothing;
      },

      // The address holds what is shown; the page is not loaded again.
      address(link, place) {
        if (!link) return;
        const query = new URLSearchParams(link);
        if (place && place.dataset) query.set("dataset", place.dataset);
        // The parameters of other cards stay: dashboard/pages/clusters/mapping/callbacks.py.
        for (const [name, value] of new URLSearchParams(location.search)) {
          if (name.startsWith("mapped")) query.set(name, value);
        }
        if (location.pathname === "/clusters") history.replaceState(history.state, "", `?${query}${location.hash}`);
      },
    },
  });
})();
