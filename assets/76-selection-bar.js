// The selection bar: what its buttons do in the browser, undo and redo by keys, and the tab that has an answer.
// dashboard/pages/clusters/selection_bar is the server side.
(function () {
  "use strict";

  const { MOST, History } = window.nuwaFilters;
  const PATIENCE = 20000; // milliseconds until the cards of a tab are there
  const POLL = 100;

  const history = new History();
  let run = null;
  const set = (id, props) => window.dash_clientside.set_props(id, props);
  const unchanged = () => window.dash_clientside.no_update;
  const list = (filter) => filter || [];
  const orNone = (filter) => (filter && filter.length ? filter : null);

  // The filter with one more record, or a message where it has too many.
  function added(filter, record) {
    if (list(filter).length < MOST) return [...list(filter), record];
    set("bar-message", { children: `The filter has ${MOST} parts. Remove one first.` });
    return unchanged();
  }

  // What a button does with [selection, filter]; it was pressed if it counts clicks.
  const pressed = (change) => (clicks, selection, filter) => (clicks ? change(selection, filter) : [unchanged(), unchanged()]);
  const moved = (state) => (state ? [state.selection, state.filter] : [unchanged(), unchanged()]);

  async function there(id) {
    const end = performance.now() + PATIENCE;
    while (!document.getElementById(id)) {
      if (performance.now() > end) return false;
      await new Promise((done) => setTimeout(done, POLL));
    }
    return true;
  }

  const functions = {
    // The selection of the cells that pass the filter: viewer/filters.py does the same.
    within: (selection, filter) => (selection && orNone(filter) ? { all: [selection, ...filter] } : selection || null),

    record(selection, filter, ofRun) {
      if (ofRun !== run) { history.reset(); run = ofRun; }
      history.record({ selection: selection || null, filter: orNone(filter) });
      return [!history.past.length, !history.future.length];
    },
    undo: pressed(() => moved(history.undo())),
    redo: pressed(() => moved(history.redo())),

    visible: (selection, filter, kept) => [!selection, !orNone(filter), !kept, !selection],

    only: pressed((selection, filter) => (selection ? [null, added(filter, selection)] : [unchanged(), unchanged()])),
    hide: pressed((selection, filter) => (selection ? [null, added(filter, { not: selection })] : [unchanged(), unchanged()])),
    clear: pressed(() => [null, unchanged()]),
    showAll: pressed(() => [unchanged(), null]),
    selectShown: pressed((selection, filter) => [orNone(filter) ? { all: filter } : unchanged(), unchanged()]),

    // Group A: the selection when the button was pressed, or none.
    keep(keep, cancel, within) {
      const { triggered } = window.dash_clientside.callback_context;
      return triggered.some(({ prop_id }) => prop_id.startsWith("bar-keep-go")) ? within || unchanged() : null;
    },

    // Open the tab of an answer. The card of markers then shows the groups that were compared, and follows the job.
    async answered(answer) {
      if (!answer) return;
      window.nuwaTabs.open(answer.tab);
      if (!answer.job || !(await there("markers-how"))) return;
      set("markers-how", { value: "two" });
      set("markers-a", { data: answer.a });
      set("markers-b", { data: answer.b });
      set("markers-job", { data: answer.job });
      set("markers-tick", { disabled: false });
    },
  };

  // Text fields have an undo of their own.
  const writes = (target) => target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=range])");
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z" || writes(event.target)) return;
    const button = document.getElementById(event.shiftKey ? "bar-redo" : "bar-undo");
    if (!button) return;
    event.preventDefault();
    button.click();
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, { nuwaSelection: functions });
})();
