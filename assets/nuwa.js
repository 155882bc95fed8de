// Local times, and saving a figure with its badge.
(function () {
  const BADGE = 22; // pixels, as core/figures/save.py has it
  const local = () =>
    document.querySelectorAll("time.nuwa-time[data-utc]").forEach((t) => {
      const at = new Date(1000 * Number(t.dataset.utc));
      const text = at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
      if (t.textContent !== text) { t.textContent = text; t.dateTime = at.toISOString(); }
    });
  new MutationObserver(local).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".nuwa-save");
    if (!button) return;
    if (button.dataset.graph === "panels" && window.nuwaViewer.shown) return window.nuwaViewer.save(button.dataset.form);
    const host = document.getElementById(button.dataset.graph);
    const plot = host && host.querySelector(".js-plotly-plot");
    if (!plot || !window.Plotly) return;
    // A transparent figure would be unreadable elsewhere: it is saved on the background of its theme.
    const layout = { ...plot.layout, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" };
    if (document.documentElement.dataset.bsTheme === "dark") layout.paper_bgcolor = layout.plot_bgcolor = "#171a23";
    // On the page the legend may be outside the figure; a file needs it inside.
    if (layout.legend) layout.showlegend = true;
    for (const name of Object.keys(layout)) if (name.startsWith("coloraxis")) layout[name] = { ...layout[name], showscale: true };
    const size = { width: Math.round(plot.clientWidth), height: Math.round(plot.clientHeight) };
    // The badge with the kind of data is beside the plot on the page, and a line above it in the file.
    const badge = host.closest(".nuwa-plot").querySelector(".nuwa-plot-badge .nuwa-badge");
    // The pickers of the maps stand where a saved figure has the titles of its panels.
    layout.annotations = (plot.layout.annotations || []).map((note) => ({ ...note, visible: true }));
    if (badge) {
      const drawn = plot._fullLayout._size;
      const above = { xref: "paper", yref: "paper", x: 1, y: 1, xanchor: "right", yanchor: "bottom", showarrow: false };
      layout.annotations = [...layout.annotations, { text: badge.textContent, name: "badge", yshift: drawn.t, ...above }];
      layout.margin = { ...plot.layout.margin, t: drawn.t + BADGE };
      layout.height = size.height += BADGE;
    }
    await window.Plotly.downloadImage(
      { data: plot.data, layout, config: { showSendToCloud: false } },
      { format: button.dataset.form, filename: "nuwa_" + button.dataset.graph, scale: button.dataset.form === "png" ? 2 : 1, ...size },
    );
  });
})();
