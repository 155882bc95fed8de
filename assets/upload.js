// Files on their way to the server, part by part: progress, pause, and going on after whatever came in between.
// dashboard/server/upload_routes.py is the other end. An upload lives as long as this tab, whichever page it shows; after a
// reload the server still has what was sent, and the person gives us the same file once more.
(function () {
  const WAITS = [1, 2, 4, 8, 15]; // seconds before the next try while the server is away
  const TRIES = 5; // of a part that arrives damaged
  const WINDOW = 8000; // milliseconds over which the rate is measured

  const { Offline, Refused, ask, crc32, hex } = window.nuwaUploadProtocol;
  class Gone extends Error {} // the person has thrown the upload away

  const element = (tag, values = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(values)) {
      if (name === "role" || name.startsWith("aria-")) made.setAttribute(name, value);
      else made[name] = value;
    }
    made.append(...children);
    return made;
  };

  const amount = (bytes, of = bytes) => (of < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`);
  const lasting = (s) => (s < 90 ? `${Math.ceil(s)} s` : s < 5400 ? `${Math.round(s / 60)} min` : `${(s / 3600).toFixed(1)} h`);

  // ---- One file. Its state is one of: waiting, comparing, sending, finishing, away, stopped (half way up since
  // before a reload, the file is not at hand), failed, done; `paused` stands beside it.
  class Upload {
    constructor({ name, size, joins, id = null, offset = 0 }) {
      Object.assign(this, { name, size, joins, id, offset, state: "stopped", crc: 0 });
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
      goOn();
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

    // Is what is there the beginning of this very file? Then it goes on behind it, else from its own beginning.
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
      if (said.offset !== end) return this.compare(); // a gap says `end` where it was only the answer that got lost
      Object.assign(this, { offset: end, crc: crc32(body, this.crc) });
      this.measure();
    }

    async read(begin, end) {
      try {
        return await this.file.slice(begin, end).arrayBuffer();
      } catch {
        throw new Refused(`'${this.name}' cannot be read: was it moved or changed, or is it a folder? Choose it again, a folder as a .zip.`);
      }
    }

    // Ask until there is an answer: while the server is away, after a pause, and `tries` times what arrives damaged.
    async patiently(asking, tries = 1) {
      const before = this.state;
      for (let times = 0, damaged = 1; ; ) {
        await this.going();
        try {
          const said = await asking(this.abort.signal);
          if (this.state === "away") this.turn(before);
          return said;
        } catch (error) {
          if (error.status === 422 && damaged < tries) damaged++;
          else if (error instanceof Offline) await this.wait(WAITS[Math.min(times++, WAITS.length - 1)]);
          else if (error.name !== "AbortError") throw error; // an abort is a pause or the end: going() knows
        }
      }
    }

    async wait(seconds) {
      this.seen = [];
      for (this.left = seconds; this.left > 0 && !this.paused && !this.gone; this.left--) {
        this.turn("away");
        await this.rest(1000);
      }
    }

    async going() {
      while (atWork !== this && !this.gone) await this.rest();
      if (this.gone) throw new Gone();
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
      goOn();
      uploads.forEach((u) => u.draw());
    }

    async throwAway() {
      if (this.id && !window.confirm(`Throw away what has been sent of '${this.name}'?`)) return;
      this.gone = true;
      this.abort.abort();
      if (this.wake) this.wake();
      drop(this);
      tell("The upload was cancelled.");
      if (this.id) await ask(`/${this.id}`, "DELETE").catch(() => {}); // what nobody goes on with is swept after a day
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

    // ---- its lines on the page
    build() {
      const button = (words, act) => {
        const style = { type: "button", className: "btn btn-sm btn-outline-secondary" };
        return element("button", { ...style, textContent: words, onclick: act, "aria-label": `${words} ${this.name}` });
      };
      this.words = element("div", { className: "help" });
      this.fill = element("div", { className: "progress-bar" });
      this.bar = element("div", { className: "progress", role: "progressbar", "aria-label": `Sent of ${this.name}`, "aria-valuemin": 0, "aria-valuemax": 100 }, this.fill);
      this.buttons = {
        pause: button("Pause", () => this.pause(true)),
        goOn: button("Go on", () => this.pause(false)),
        again: button("Choose it again", () => chooseAgain(this)),
        retry: button("Try again", () => this.take(this.file, this.part)),
        open: button("Open", () => open(this)),
        cancel: button("Cancel", () => this.throwAway()),
      };
      const what = this.joins ? ` (${this.joins.what} of another dataset)` : "";
      const name = element("div", {}, element("strong", { textContent: this.name }), what);
      const actions = element("div", { className: "nuwa-actions" }, ...Object.values(this.buttons));
      this.row = element("div", { className: "nuwa-upload" }, name, this.words, this.bar, actions);
      this.draw();
    }

    draw() {
      const { state, buttons } = this, under = !["waiting", "stopped", "failed", "done"].includes(state);
      const words = this.sentence(), share = this.size ? Math.floor((100 * this.offset) / this.size) : 0;
      this.words.textContent = words;
      this.words.classList.toggle("error", state === "failed");
      this.fill.style.width = `${share}%`;
      this.bar.setAttribute("aria-valuenow", share);
      this.bar.hidden = state === "failed" || state === "done";
      const shown = {
        pause: under && !this.paused && state !== "finishing",
        goOn: under && this.paused,
        again: state === "stopped",
        retry: state === "failed",
        open: state === "done",
        cancel: state !== "done" && state !== "finishing",
      };
      for (const name in shown) buttons[name].hidden = !shown[name];
      // A screen reader tells of turns and quarters, not of every part.
      const turn = `${state} ${this.paused} ${Math.floor(share / 25)}`;
      if (turn !== this.told && uploads.includes(this)) tell(`${this.name}: ${words}`);
      this.told = turn;
    }

    sentence() {
      const sent = `${amount(this.offset, this.size)} of ${amount(this.size)}`, rate = this.rate();
      if (this.state === "failed") return this.error;
      if (this.state === "stopped") {
        return `'${this.name}' was half way up (${sent}): choose the same file again to go on. It is kept for a day.`;
      }
      if (this.paused) return `Paused at ${sent}.`;
      if (this.begun && atWork !== this) return `Waits for its turn, at ${sent}.`;
      return {
        waiting: "Waits for its turn.",
        comparing: `Comparing what is there with your file: ${amount(this.compared || 0, this.size)}`,
        sending: rate ? `${sent}, ${amount(rate, rate)} a second, ${lasting((this.size - this.offset) / rate)} left` : `Sending, ${sent}`,
        finishing: "All is sent; the server looks through it once more.",
        away: `The server does not answer (${sent} are there): the next try is in ${this.left} s.`,
        done: "Has arrived, and is being read.",
      }[this.state];
    }
  }

  // ---- All of them, one after another; one that is paused lets those behind it go first
  const uploads = [];
  let atWork = null;

  function goOn() {
    if (atWork) return;
    atWork = uploads.find((u) => !u.paused && (u.begun || u.state === "waiting")) || null;
    if (!atWork) return;
    if (!atWork.begun) see(atWork);
    else if (atWork.wake) atWork.wake();
  }

  const release = (upload) => {
    if (atWork === upload) atWork = null;
  };

  async function see(upload) {
    upload.begun = true;
    try {
      await upload.run();
      upload.turn("done");
    } catch (error) {
      if (!(error instanceof Gone)) {
        upload.error = error instanceof Refused ? error.message : `Something failed in this page (${error.message}).`;
        upload.turn("failed");
      }
    }
    upload.begun = false;
    release(upload);
    goOn();
    if (!atWork) arrive();
  }

  // Only whoever still waits here for the last one is led there; at the first start the page itself goes on to a dataset.
  function arrive() {
    const arrived = uploads.filter((u) => u.state === "done"), last = arrived[arrived.length - 1];
    if (last && [location.href, location.href.split("?")[0]].includes(last.from)) {
      arrived.forEach(drop);
      lead(last);
    }
  }

  const lead = (upload) => window.dash_clientside.set_props("url", { href: `/data?dataset=${upload.dataset}` });
  const open = (upload) => (drop(upload), lead(upload));

  function add(upload) {
    uploads.push(upload);
    mount();
  }

  function drop(upload) {
    uploads.splice(uploads.indexOf(upload), 1);
    upload.row.remove();
    tell(""); // what was last told may be of this one
  }

  function bring(files, zone) {
    const part = Number(zone.dataset.part), dataset = zone.dataset.dataset;
    const what = dataset && document.querySelector("#join-what input:checked").value;
    const limit = (id) => Number(document.getElementById(id).value) || null;
    const droplets = what !== "background" ? null : {
      fewest_protein: limit("droplets-protein"), most_rna: limit("droplets-rna"),
    };
    for (const file of files) {
      const asked = { name: file.name, size: file.size, joins: dataset ? { dataset, what, droplets } : null };
      const known = uploads.find((u) => u.same(asked) && u.state !== "done");
      if (known && !["stopped", "failed"].includes(known.state)) continue; // it is on its way
      if (!known) add(new Upload(asked));
      (known || uploads[uploads.length - 1]).take(file, part);
    }
  }

  function chooseAgain(upload) {
    const input = element("input", { type: "file", onchange: () => {
      const [file] = input.files;
      if (file.name === upload.name && file.size === upload.size) {
        return upload.take(file, Number(document.getElementById("upload").dataset.part));
      }
      upload.words.textContent = `That was '${file.name}' (${amount(file.size)}); half way up is '${upload.name}' (${amount(upload.size)}).`;
    } });
    input.click();
  }

  // Those half way up since before this page was loaded.
  async function recall() {
    const listed = await ask("").catch(() => []);
    const there = listed.map((u) => ({ ...u, joins: u.joins && { dataset: u.joins[0], what: u.joins[1], droplets: u.joins[2] ?? null } }));
    uploads.filter((u) => u.state === "stopped" && !there.some((found) => u.same(found))).forEach(drop);
    there.filter((found) => !uploads.some((u) => u.same(found) && u.state !== "done")).forEach((u) => add(new Upload(u)));
  }

  // ---- The page: dash draws an empty place for the lines and for each field, whenever it draws
  const status = element("div", { className: "visually-hidden", role: "status" });
  const tell = (words) => (status.textContent = words);
  let host = null;

  function mount() {
    const place = document.getElementById("uploads");
    if (place && place !== host) {
      host = place;
      host.append(status);
      recall();
    }
    if (host) uploads.filter((u) => u.row.parentNode !== host).forEach((u) => host.append(u.row));
    for (const pick of document.querySelectorAll(".nuwa-drop .nuwa-pick:empty")) {
      const zone = pick.closest(".nuwa-drop");
      const input = element("input", { type: "file", hidden: true, accept: zone.dataset.accept, multiple: !zone.dataset.dataset });
      input.onchange = () => {
        bring([...input.files], zone);
        input.value = ""; // so that the same file can be chosen once more
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
      if (kind === "drop") bring([...event.dataTransfer.files], zone);
    });
  }
  window.addEventListener("online", () => uploads.forEach((u) => u.state === "away" && (u.left = 0, u.wake())));
})();
