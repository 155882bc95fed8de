// A double click on a label or an entry of the legend renames the category: dashboard/pages/clusters/annotate/renaming.py.
(function () {
  "use strict";

  const LONGEST = 80; // letters of a name, as core/store/clusterings.py has it

  // { by, resolution, name } of the category under the mouse, or null.
  function category(target) {
    const own = target.closest(".nuwa-cells-label[data-by], .nuwa-legend .entry[data-by]");
    if (own) return own.dataset;
    const annotation = target.closest("#panels g.annotation"), plot = target.closest(".js-plotly-plot");
    if (!annotation || !plot) return null;
    const { name } = plot.layout.annotations[Number(annotation.dataset.index)];
    const label = /^label (\d+) ([^]*)$/.exec(name || "");
    const shown = label && plot.layout.meta.shown[Number(label[1])];
    return shown && { ...shown, name: label[2] };
  }

  // A field over the name; Enter renames, Escape and leaving it change nothing.
  function edit(target, { by, resolution, name }) {
    const box = target.getBoundingClientRect(), field = document.createElement("input");
    field.className = "nuwa-rename form-control form-control-sm";
    field.value = name;
    field.maxLength = LONGEST;
    field.setAttribute("aria-label", `New name of ${name}`);
    Object.assign(field.style, { left: `${Math.min(box.left, innerWidth - 200)}px`, top: `${box.top - 4}px` });
    const end = () => { field.removeEventListener("blur", end); field.remove(); }; // a removed field loses the focus
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") end();
      if (event.key !== "Enter") return;
      const to = field.value.trim();
      end();
      if (to && to !== name) window.dash_clientside.set_props("rename-category", { data: { by, resolution: Number(resolution), name, to, at: Date.now() } });
    });
    field.addEventListener("blur", end);
    document.body.append(field);
    field.focus();
    field.select();
  }

  document.addEventListener("dblclick", (event) => {
    const chosen = event.target.closest && category(event.target);
    if (!chosen) return;
    event.preventDefault();
    edit(event.target, chosen);
  });
})();
