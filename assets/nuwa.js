// What the browser does by itself: local times, and saving a figure in the colours of paper.
(function () {
  const local = () =>
    document.querySelectorAll("time.nuwa-time[data-utc]").forEach((t) => {
      const at = new Date(1000 * Number(t.dataset.utc));
      const text = at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
      if (t.textContent !== text) { t.textContent = text; t.dateTime = at.toISOString(); }
    });
  new MutationObserver(local).observe(document.documentElement, { childList: true, subtree: true });

  // dcc.Upload says nothing while it reads, and nothing when a file is too large for it or of another kind.
  const LIMIT = 200 * 1024 * 1024;
  const uploading = (event) => {
    if (!event.target.closest || !event.target.closest("#upload")) return;
    const files = event.type === "drop" ? event.dataTransfer.files : event.target.files;
    if (!files || !files.length) return;
    const { name, size } = files[0];
    const words = !/\.(h5ad|h5)$/i.test(name)
      ? `'${name}' is not a file Nuwa reads: choose a .h5ad or a 10x .h5 file.`
      : size > LIMIT
      ? `${name} has ${(size / 1e6).toFixed(0)} MB, too much for this way: put it into the inbox folder of the server.`
      : `Sending ${name} (${(size / 1e6).toFixed(1)} MB) ...`;
    window.dash_clientside.set_props("data-message", { children: words });
  };
  document.addEventListener("change", uploading, true);
  document.addEventListener("drop", uploading, true);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest(".nuwa-save");
    if (!button) return;
    const host = document.getElementById(button.dataset.graph);
    const plot = host && host.querySelector(".js-plotly-plot");
    if (!plot || !window.Plotly) return;
    // A figure from the dark page would be light on nothing: it leaves with dark text on white.
    const layout = { ...plot.layout, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" };
    if (document.documentElement.dataset.bsTheme === "dark") layout.paper_bgcolor = layout.plot_bgcolor = "#171a23";
    const size = { width: Math.round(plot.clientWidth), height: Math.round(plot.clientHeight) };
    await window.Plotly.downloadImage(
      { data: plot.data, layout, config: { showSendToCloud: false } },
      { format: button.dataset.form, filename: "nuwa_" + button.dataset.graph, scale: button.dataset.form === "png" ? 2 : 1, ...size },
    );
  });
})();
