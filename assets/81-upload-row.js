// The row of one upload on the page: its name, its state in a sentence, its progress, and its buttons.
window.nuwaUploadRow = (function () {
  const element = (tag, values = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(values)) {
      if (name === "role" || name.startsWith("aria-")) node.setAttribute(name, value);
      else node[name] = value;
    }
    node.append(...children);
    return node;
  };

  const amount = (bytes, of = bytes) => (of < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`);
  const duration = (s) => (s < 90 ? `${Math.ceil(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`);

  const BUTTONS = {
    pause: "Pause", resume: "Resume", again: "Choose the file again", retry: "Retry", open: "Open", cancel: "Cancel",
  };

  class Row {
    // `actions` has a function for each of BUTTONS.
    constructor(upload, actions) {
      const button = (label, act) => {
        const style = { type: "button", className: "btn btn-sm btn-outline-secondary" };
        return element("button", { ...style, textContent: label, onclick: act, "aria-label": `${label} ${upload.name}` });
      };
      this.state = element("div", { className: "help" });
      this.fill = element("div", { className: "progress-bar" });
      this.bar = element("div", { className: "progress", role: "progressbar", "aria-label": `Uploaded part of ${upload.name}`, "aria-valuemin": 0, "aria-valuemax": 100 }, this.fill);
      this.buttons = {};
      for (const [name, label] of Object.entries(BUTTONS)) this.buttons[name] = button(label, actions[name]);
      const purpose = upload.joins ? ` (${upload.joins.what} of another dataset)` : "";
      const name = element("div", {}, element("strong", { textContent: upload.name }), purpose);
      const buttons = element("div", { className: "nuwa-actions" }, ...Object.values(this.buttons));
      this.node = element("div", { className: "nuwa-upload" }, name, this.state, this.bar, buttons);
    }

    show(text) {
      this.state.textContent = text;
    }

    // Show the present state. Returns the sentence for a screen reader, which hears of changes of state and of quarters,
    // not of every part; "" where there is no such change.
    draw(upload) {
      const { state, paused } = upload, running = !["waiting", "interrupted", "failed", "done"].includes(state);
      const text = sentence(upload), share = upload.size ? Math.floor((100 * upload.offset) / upload.size) : 0;
      this.show(text);
      this.state.classList.toggle("error", state === "failed");
      this.fill.style.width = `${share}%`;
      this.bar.setAttribute("aria-valuenow", share);
      this.bar.hidden = state === "failed" || state === "done";
      const shown = {
        pause: running && !paused && state !== "finishing",
        resume: running && paused,
        again: state === "interrupted",
        retry: state === "failed",
        open: state === "done",
        cancel: state !== "done" && state !== "finishing",
      };
      for (const name in shown) this.buttons[name].hidden = !shown[name];
      const announced = `${state} ${paused} ${Math.floor(share / 25)}`, changed = announced !== this.announced;
      this.announced = announced;
      return changed ? text : "";
    }
  }

  function sentence(upload) {
    const sent = `${amount(upload.offset, upload.size)} of ${amount(upload.size)}`, rate = upload.rate();
    if (upload.state === "failed") return upload.error;
    if (upload.state === "interrupted") {
      return `The upload of '${upload.name}' was interrupted at ${sent}. Choose the same file again to resume it within a day.`;
    }
    if (upload.paused) return `Paused at ${sent}.`;
    if (upload.begun && !upload.isActive()) return `Waiting, at ${sent}.`;
    return {
      waiting: "Waiting.",
      comparing: `Comparing the uploaded part with your file: ${amount(upload.compared || 0, upload.size)}`,
      sending: rate ? `${sent}, ${amount(rate, rate)} per second, ${duration((upload.size - upload.offset) / rate)} left` : `Uploading, ${sent}`,
      finishing: "Upload complete. The server is checking the file.",
      offline: `The server does not respond (${sent} uploaded). Next attempt in ${upload.left} s.`,
      done: "Uploaded. The file is being read.",
    }[upload.state];
  }

  return { Row, element, amount };
})();
