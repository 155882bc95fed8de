// Resumable uploads of files in parts, with progress and pause. dashboard/server/upload_routes.py is the server.
// An upload continues while this tab is open, on every page. After a reload the server still has the parts that were sent,
// and continues when the same file is chosen again.
(function () {
  const WAITS = [1, 2, 4, 8, 15]; // seconds before the next attempt while the server does not respond
  const TRIES = 5; // attempts for a part that arrives damaged
  const WINDOW = 8000; // milliseconds over which the upload rate is measured

  const { Offline, Refused, ask, crc32, hex } = window.nuwaUploadProtocol;
  class Discarded extends Error {} // the person has cancelled the upload

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

  // ---- One file. Its state is one of: waiting, comparing, sending, finishing, offline, interrupted (by a reload: the file
  // has to be chosen again), failed, done; `paused` is independent of it.
  class Upload {
    constructor({ name, size, joins, id = null, offset = 0 }) {
      Object.assign(this, { name, size, joins, id, offset, state: "interrupted", crc: 0 });
      Object.assign(this, { begun: false, paused: false, gone: false });
      this.abort = new AbortController();
      this.build();
    }

    same({ name, size, joins }) {
      return this.name === name && this.size === size && JSON.stringify(this.joins) === JSON.stringify(joins);
    }

    take(file, part) {
      Object.assign(this, { file, part, state: "waiting", error: "", from: location.href });
      this.draw();
      next();
    }

    async run() {
      await this.begin();
      for (;;) {
        while (this.offset < this.size) await this.send();
        this.turn("finishing");
        const headers = { "X-Nuwa-CRC32": hex(this.crc) };
        const said = await this.patiently((signal) => ask(`/${this.id}/finish`, "POST", { headers, signal }));
        if (!said.gap) return (this.dataset = said.dataset);
        await this.compare();
      }
    }

    async begin() {
      const body = JSON.stringify({ name: this.name, size: this.size, joins: this.joins });
      const headers = { "Content-Type": "application/json" };
      const said = await this.patiently((signal) => ask("", "POST", { headers, body, signal }));
      Object.assign(this, { id: said.id, offset: 0, crc: 0 });
      if (said.offset) await this.compare();
    }

    // If the server has the beginning of this file, continue after it; otherwise start again.
    async compare() {
      const there = await this.patiently((signal) => ask(`/${this.id}/checksum`, "GET", { signal }));
      let crc = 0;
      for (this.compared = 0; this.compared < there.offset; ) {
        await this.going();
        this.turn("comparing");
        const end = Math.min(this.compared + this.part, there.offset);
        crc = crc32(await this.read(this.compared, end), crc);
        this.compared = end;
      }
      if (hex(crc) === there.checksum) return Object.assign(this, { offset: there.offset, crc, seen: [] });
      await this.patiently((signal) => ask(`/${this.id}`, "DELETE", { signal }));
      await this.begin();
    }

    async send() {
      this.turn("sending");
      const begin = this.offset, end = Math.min(begin + this.part, this.size);
      const body = await this.read(begin, end);
      const headers = { "X-Nuwa-CRC32": hex(crc32(body)) };
      const said = await this.patiently((signal) => ask(`/${this.id}?offset=${begin}`, "PUT", { headers, body, signal }), TRIES);
      if (said.offset !== end) return this.compare(); // after a lost response, the offset of the gap is `end`
      Object.assign(this, { offset: end, crc: crc32(body, this.crc) });
      this.measure();
    }

    async read(begin, end) {
      try {
        return await this.file.slice(begin, end).arrayBuffer();
      } catch {
        throw new Refused(`'${this.name}' cannot be read. Was it moved or changed, or is it a folder? Choose it again, or choose a folder as a .zip file.`);
      }
    }

    // Repeat a request until there is a response: while the server is offline, after a pause, and up to `tries` times where
    // a part arrives damaged.
    async patiently(request, tries = 1) {
      const before = this.state;
      for (let times = 0, damaged = 1; ; ) {
        await this.going();
        try {
          const said = await request(this.abort.signal);
          if (this.state === "offline") this.turn(before);
          return said;
        } catch (error) {
          if (error.status === 422 && damaged < tries) damaged++;
          else if (error instanceof Offline) await this.wait(WAITS[Math.min(times++, WAITS.length - 1)]);
          else if (error.name !== "AbortError") throw error; // an abort is a pause or a cancellation: going() distinguishes them
        }
      }
    }

    async wait(seconds) {
      this.seen = [];
      for (this.left = seconds; this.left > 0 && !this.paused && !this.gone; this.left--) {
        this.turn("offline");
        await this.rest(1000);
      }
    }

    async going() {
      while (active !== this && !this.gone) await this.rest();
      if (this.gone) throw new Discarded();
    }

    rest(milliseconds) {
      return new Promise((resolve) => {
        this.wake = resolve;
        if (milliseconds) setTimeout(resolve, milliseconds);
      });
    }

    pause(paused) {
      this.paused = paused;
      if (paused) {
        this.abort.abort();
        release(this);
        if (this.wake) this.wake();
      } else {
        Object.assign(this, { abort: new AbortController(), seen: [] });
      }
      next();
      uploads.forEach((u) => u.draw());
    }

    async discard() {
      if (this.id && !window.confirm(`Delete the uploaded part of '${this.name}'?`)) return;
      this.gone = true;
      this.abort.abort();
      if (this.wake) this.wake();
      drop(this);
      announce("The upload was cancelled.");
      if (this.id) await ask(`/${this.id}`, "DELETE").catch(() => {}); // the server deletes incomplete uploads after a day
    }

    measure() {
      const now = performance.now();
      this.seen = [...(this.seen || []).filter(([at]) => now - at < WINDOW), [now, this.offset]];
    }

    rate() {
      const seen = this.seen || [], last = seen.length - 1;
      return last > 0 ? (1000 * (seen[last][1] - seen[0][1])) / (seen[last][0] - seen[0][0]) : 0;
    }

    turn(state) {
      this.state = state;
      this.draw();
    }

    // ---- Its row on the page
    build() {
      const button = (words, act) => {
        const style = { type: "button", className: "btn btn-sm btn-outline-secondary" };
        return element("button", { ...style, textContent: words, onclick: act, "aria-label": `${words} ${this.name}` });
      };
      this.words = element("div", { className: "help" });
      this.fill = element("div", { className: "progress-bar" });
      this.bar = element("div", { className: "progress", role: "progressbar", "aria-label": `Uploaded part of ${this.name}`, "aria-valuemin": 0, "aria-valuemax": 100 }, this.fill);
      this.buttons = {
        pause: button("Pause", () => this.pause(true)),
        resume: button("Resume", () => this.pause(false)),
        again: button("Choose the file again", () => chooseAgain(this)),
        retry: button("Retry", () => this.take(this.file, this.part)),
        open: button("Open", () => open(this)),
        cancel: button("Cancel", () => this.discard()),
      };
      const what = this.joins ? ` (${this.joins.what} of another dataset)` : "";
      const name = element("div", {}, element("strong", { textContent: this.name }), what);
      const actions = element("div", { className: "nuwa-actions" }, ...Object.values(this.buttons));
      this.row = element("div", { className: "nuwa-upload" }, name, this.words, this.bar, actions);
      this.draw();
    }

    draw() {
      const { state, buttons } = this, under = !["waiting", "interrupted", "failed", "done"].includes(state);
      const words = this.sentence(), share = this.size ? Math.floor((100 * this.offset) / this.size) : 0;
      this.words.textContent = words;
      this.words.classList.toggle("error", state === "failed");
      this.fill.style.width = `${share}%`;
      this.bar.setAttribute("aria-valuenow", share);
      this.bar.hidden = state === "failed" || state === "done";
      const shown = {
        pause: under && !this.paused && state !== "finishing",
        resume: under && this.paused,
        again: state === "interrupted",
        retry: state === "failed",
        open: state === "done",
        cancel: state !== "done" && state !== "finishing",
      };
      for (const name in shown) buttons[name].hidden = !shown[name];
      // A screen reader announces changes of state and quarters, not every part.
      const turn = `${state} ${this.paused} ${Math.floor(share / 25)}`;
      if (turn !== this.announced && uploads.includes(this)) announce(`${this.name}: ${words}`);
      this.announced = turn;
    }

    sentence() {
      const sent = `${amount(this.offset, this.size)} of ${amount(this.size)}`, rate = this.rate();
      if (this.state === "failed") return this.error;
      if (this.state === "interrupted") {
        return `The upload of '${this.name}' was interrupted at ${sent}. Choose the same file again to resume it within a day.`;
      }
      if (this.paused) return `Paused at ${sent}.`;
      if (this.begun && active !== this) return `Waiting, at ${sent}.`;
      return {
        waiting: "Waiting.",
        comparing: `Comparing the uploaded part with your file: ${amount(this.compared || 0, this.size)}`,
        sending: rate ? `${sent}, ${amount(rate, rate)} per second, ${duration((this.size - this.offset) / rate)} left` : `Uploading, ${sent}`,
        finishing: "Upload complete. The server is checking the file.",
        offline: `The server does not respond (${sent} uploaded). Next attempt in ${this.left} s.`,
        done: "Uploaded. The file is being read.",
      }[this.state];
    }
  }

  // ---- All uploads, one after another; those after a paused one go first
  const uploads = [];
  let active = null;

  function next() {
    if (active) return;
    active = uploads.find((u) => !u.paused && (u.begun || u.state === "waiting")) || null;
    if (!active) return;
    if (!active.begun) start(active);
    else if (active.wake) active.wake();
  }

  const release = (upload) => {
    if (active === upload) active = null;
  };

  async function start(upload) {
    upload.begun = true;
    try {
      await upload.run();
      upload.turn("done");
    } catch (error) {
      if (!(error instanceof Discarded)) {
        upload.error = error instanceof Refused ? error.message : `An error occurred in this page: ${error.message}.`;
        upload.turn("failed");
      }
    }
    upload.begun = false;
    release(upload);
    next();
    if (!active) arrive();
  }

  // Open the last dataset only if the person still waits on the page; the first dataset of all is opened by the page.
  function arrive() {
    const arrived = uploads.filter((u) => u.state === "done"), last = arrived[arrived.length - 1];
    if (last && [location.href, location.href.split("?")[0]].includes(last.from)) {
      arrived.forEach(drop);
      openDataset(last);
    }
  }

  const openDataset = (upload) => window.dash_clientside.set_props("url", { href: `/data?dataset=${upload.dataset}` });
  const open = (upload) => (drop(upload), openDataset(upload));

  function add(upload) {
    uploads.push(upload);
    mount();
  }

  function drop(upload) {
    uploads.splice(uploads.indexOf(upload), 1);
    upload.row.remove();
    announce(""); // the last announcement may be about this one
  }

  function addFiles(files, zone) {
    const part = Number(zone.dataset.part), dataset = zone.dataset.dataset;
    const what = dataset && document.querySelector("#join-what input:checked").value;
    const limit = (id) => Number(document.getElementById(id).value) || null;
    const droplets = what !== "background" ? null : {
      fewest_protein: limit("droplets-protein"), most_rna: limit("droplets-rna"),
    };
    for (const file of files) {
      const wanted = { name: file.name, size: file.size, joins: dataset ? { dataset, what, droplets } : null };
      const known = uploads.find((u) => u.same(wanted) && u.state !== "done");
      if (known && !["interrupted", "failed"].includes(known.state)) continue; // it is being uploaded
      if (!known) add(new Upload(wanted));
      (known || uploads[uploads.length - 1]).take(file, part);
    }
  }

  function chooseAgain(upload) {
    const input = element("input", { type: "file", onchange: () => {
      const [file] = input.files;
      if (file.name === upload.name && file.size === upload.size) {
        return upload.take(file, Number(document.getElementById("upload").dataset.part));
      }
      upload.words.textContent = `You chose '${file.name}' (${amount(file.size)}). The interrupted upload is '${upload.name}' (${amount(upload.size)}).`;
    } });
    input.click();
  }

  // Uploads that were interrupted before this page was loaded.
  async function recall() {
    const listed = await ask("").catch(() => []);
    const there = listed.map((u) => ({ ...u, joins: u.joins && { dataset: u.joins[0], what: u.joins[1], droplets: u.joins[2] ?? null } }));
    uploads.filter((u) => u.state === "interrupted" && !there.some((found) => u.same(found))).forEach(drop);
    there.filter((found) => !uploads.some((u) => u.same(found) && u.state !== "done")).forEach((u) => add(new Upload(u)));
  }

  // ---- The page: Dash draws an empty host for the rows and for each field, whenever it draws the page
  const status = element("div", { className: "visually-hidden", role: "status" });
  const announce = (words) => (status.textContent = words);
  let host = null;

  function mount() {
    const newHost = document.getElementById("uploads");
    if (newHost && newHost !== host) {
      host = newHost;
      host.append(status);
      recall();
    }
    if (host) uploads.filter((u) => u.row.parentNode !== host).forEach((u) => host.append(u.row));
    for (const pick of document.querySelectorAll(".nuwa-drop .nuwa-pick:empty")) {
      const zone = pick.closest(".nuwa-drop");
      const input = element("input", { type: "file", hidden: true, accept: zone.dataset.accept, multiple: !zone.dataset.dataset });
      input.onchange = () => {
        addFiles([...input.files], zone);
        input.value = ""; // so that the same file can be chosen again
      };
      pick.append(input);
    }
  }
  new MutationObserver(mount).observe(document.documentElement, { childList: true, subtree: true });

  const zoneOf = (event) => event.target.closest && event.target.closest(".nuwa-drop");
  document.addEventListener("click", (event) => {
    const zone = zoneOf(event);
    if (zone && event.target.type !== "file") zone.querySelector(".nuwa-pick input").click();
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const zone = zoneOf(event);
      if (!zone) return;
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
      if (kind === "drop") addFiles([...event.dataTransfer.files], zone);
    });
  }
  window.addEventListener("online", () => uploads.forEach((u) => u.state === "offline" && (u.left = 0, u.wake())));
})();
