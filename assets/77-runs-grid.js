// The cells of the table of runs (dashboard/pages/runs), its link, and its keys.
(function () {
  "use strict";

  const functions = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const components = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const GRID = "runs-grid";

  functions.nuwaLocalTime = (seconds) =>
    seconds ? new Date(1000 * seconds).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : "–";

  // The page changes as with a link of Dash, without loading it again.
  function go(event, href) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  const make = (...parts) => window.React.createElement(...parts);

  function fold(props, label) {
    const { data } = props;
    return make("button", {
      className: "nuwa-run-fold", "aria-expanded": data.open, "aria-label": `${data.open ? "Hide" : "Show"} ${label}`, tabIndex: -1,
      onClick: (event) => { event.stopPropagation(); props.setData({ what: "fold", kind: data.kind, id: data.kind === "group" ? data.dataset_id : data.id }); },
    }, data.open ? "▾" : "▸");
  }

  components.NuwaRunName = function (props) {
    const { data } = props;
    if (!data) return make("span", { className: "help" }, "Loading ...");
    if (data.kind === "group") {
      const runs = `${data.count} ${data.count === 1 ? "run" : "runs"}`;
      return make("span", { className: "nuwa-run-name" }, fold(props, `the runs of ${data.name}`), make("strong", null, data.name), ` ${runs}`);
    }
    if (data.kind === "search") {
      const trials = `${data.count} ${data.count === 1 ? "trial" : "trials"}`;
      return make("span", { className: "nuwa-run-name", style: { paddingLeft: `${1.1 * data.level}rem` } },
        fold(props, `the trials of ${data.name}`),
        make("a", { href: data.href, tabIndex: -1, onClick: (event) => go(event, data.href) }, data.name), ` search, ${trials}`);
    }
    const star = make("button", {
      className: "nuwa-run-star", "aria-pressed": data.starred, "aria-label": `Star ${data.name}`, tabIndex: -1,
      onClick: (event) => { event.stopPropagation(); props.setData({ what: "star", id: data.id, starred: !data.starred }); },
    }, data.starred ? "★" : "☆");
    return make("span", { className: "nuwa-run-name", style: { paddingLeft: `${1.1 * data.level}rem` } },
      data.count ? fold(props, `the ${data.count} runs of ${data.name}`) : null, star,
      make("a", { href: data.href, tabIndex: -1, onClick: (event) => go(event, data.href) }, data.name),
      data.count ? ` ${data.count}` : "");
  };

  components.NuwaRunLoss = function (props) {
    if (!props.data || props.value == null) return "–";
    return props.data.on_validation
      ? make("span", { title: "validation cells; no test set" }, props.valueFormatted, " (validation)")
      : props.valueFormatted;
  };

  // Enter on a cell follows its link or presses its button, as a click does; the space bar ticks the row by itself.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches || !event.target.matches(`#${GRID} .ag-cell`)) return;
    const inside = event.target.querySelector("a") || event.target.querySelector("button");
    if (inside) { event.preventDefault(); inside.click(); }
  });

  const api = () => window.dash_ag_grid.getApiAsync(GRID);

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    nuwaRuns: {
      clock: () => -60 * new Date().getTimezoneOffset(),

      async refresh() {
        const grid = await api();
        if (grid && !grid.isDestroyed()) grid.refreshInfiniteCache();
      },

      // The chosen columns are shown, and the link says what is shown.
      async columns(visible, all) {
        const grid = await api();
        if (!grid || grid.isDestroyed()) return;
        grid.setColumnsVisible(visible, true);
        grid.setColumnsVisible(all.map((one) => one.value).filter((name) => !visible.includes(name)), false);
      },

      address(request, columns, options) {
        if (location.pathname !== "/runs") return;
        const query = new URLSearchParams(location.search);
        const set = (name, value) => (value ? query.set(name, value) : query.delete(name));
        const { sortModel = [], filterModel = {} } = request || {};
        set("columns", (columns || []).join(","));
        set("show", (options || []).join(","));
        set("sort", sortModel.map((one) => `${one.colId}:${one.sort}`).join(","));
        set("filter", Object.keys(filterModel).length ? JSON.stringify(filterModel) : "");
        const text = query.toString();
        history.replaceState(history.state, "", `${location.pathname}${text ? "?" : ""}${text}${location.hash}`);
      },
    },
  });
})();
