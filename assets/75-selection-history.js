// Filters and selections as records (dashboard/pages/clusters/viewer/selection.py and filters.py): what a check box of the
// metadata changes in a filter, and the history of both for undo and redo.
(function () {
  "use strict";

  const MOST = 30; // records of a filter; the server takes 40 in a selection
  const LONGEST = 200; // steps that can be undone

  // ---- A filter and one column ({by, resolution}): names that pass, with null for the cells without a value.

  const about = (record, { by, resolution }) => record.by === by && (by !== "clusters" || record.resolution === resolution);
  const isAbout = (column) => (record) => about(record.not || record, column);
  const namesOf = (record) => new Set([...(record.is || []), ...(record.missing ? [null] : [])]);

  // {only, without}: the names that pass alone, or null where all pass but those `without`.
  function passing(filter, column) {
    let only = null;
    const without = new Set();
    for (const record of (filter || []).filter(isAbout(column))) {
      if (record.not) namesOf(record.not).forEach((name) => without.add(name));
      else if (!("from" in record || "to" in record)) {
        const names = namesOf(record);
        only = only ? new Set([...only].filter((name) => names.has(name))) : names;
      }
    }
    if (only) without.forEach((name) => only.delete(name));
    return { only, without };
  }

  const passes = ({ only, without }, name) => (only ? only.has(name) : !without.has(name));

  function record({ by, resolution }, names) {
    const is = [...names].filter((name) => name !== null);
    return { by, ...(by === "clusters" ? { resolution } : {}), is, ...(names.has(null) ? { missing: true } : {}) };
  }

  const orNone = (filter) => (filter.length ? filter : null);
  // The filter with `more` in place of all records about a column.
  const replaced = (filter, column, ...more) => orNone([...(filter || []).filter((r) => !isAbout(column)(r)), ...more]);

  // The filter after the check box of a category. `all` is how many names the column has: where each passes, no record is left.
  function toggled(filter, column, name, all) {
    const { only, without } = passing(filter, column), names = only || without;
    if (names.has(name)) names.delete(name); else names.add(name);
    if (only) return replaced(filter, column, ...(only.size === all ? [] : [record(column, only)]));
    return replaced(filter, column, ...(without.size ? [{ not: record(column, without) }] : []));
  }

  // The filter in which all categories of a column pass, or none.
  const everything = (filter, column, is) => replaced(filter, column, ...(is ? [] : [record(column, new Set())]));

  // The same for the cells without a number: a range leaves them out unless it says otherwise.
  const range = (filter, column) => (filter || []).find((r) => isAbout(column)(r) && ("from" in r || "to" in r));
  function missingPasses(filter, column) {
    const limits = range(filter, column);
    return limits ? !!limits.missing : passes(passing(filter, column), null);
  }
  function toggledMissing(filter, column) {
    const limits = range(filter, column);
    if (!limits) return replaced(filter, column, ...(missingPasses(filter, column) ? [{ not: { by: column.by, missing: true } }] : []));
    const { missing, ...others } = limits;
    return filter.map((r) => (r === limits ? { ...others, ...(missing ? {} : { missing: true }) } : r));
  }

  // ---- Undo and redo

  class History {
    constructor() { this.reset(); }
    reset() { this.past = []; this.future = []; this.now = null; }

    // Remember a state, unless it is the present one.
    record(state) {
      const text = JSON.stringify(state);
      if (text === this.now) return;
      if (this.now !== null) this.past = [...this.past, this.now].slice(-LONGEST);
      this.now = text;
      this.future = [];
    }

    // The state before the present one, or after it; null where there is none.
    undo() { return this.step(this.past, this.future); }
    redo() { return this.step(this.future, this.past); }
    step(from, to) {
      if (!from.length) return null;
      to.push(this.now);
      this.now = from.pop();
      return JSON.parse(this.now);
    }
  }

  window.nuwaFilters = { MOST, History, passing, passes, toggled, everything, missingPasses, toggledMissing, range };
})();
