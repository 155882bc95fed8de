// One resumable upload: it sends a file in parts, repeats what was lost, and can be paused.
window.nuwaUpload = (function () {
  const WAITS = [1, 2, 4, 8, 15]; // seconds before the next attempt while the server does not respond
  const TRIES = 5; // attempts for a part that arrives damaged
  const WINDOW = 8000; // milliseconds over which the upload rate is measured

  const { Offline, Refused, ask, crc32, hex } = window.nuwaUploadProtocol;
  class Discarded extends Error {} // the person has cancelled the upload

  // Its state is one of: waiting, comparing, sending, finishing, offline, interrupted (by a reload: the file has to be
  // chosen again), failed, done; `paused` is independent of it. `queue` has all uploads (83-upload-queue.js).
  class Upload {
    constructor({ name, size, joins, id = null, offset = 0 }, queue) {
      Object.assign(this, { name, size, joins, id, offset, queue, state: "interrupted", crc: 0 });
      Object.assign(this, { begun: false, paused: false, gone: false });
      this.abort = new AbortController();
      this.row = new window.nuwaUploadRow.Row(this, {
        pause: () => this.pause(true),
        resume: () => this.pause(false),
        again: () => queue.chooseAgain(this),
        retry: () => this.take(this.file, this.part),
        open: () => queue.open(this),
        cancel: () => this.discard(),
      });
      this.draw();
    }

    same({ name, size, joins }) {
      return this.name === name && this.size === size && JSON.stringify(this.joins) === JSON.stringify(joins);
    }

    isActive() {
      return this.queue.active === this;
    }

    take(file, part) {
      Object.assign(this, { file, part, state: "waiting", error: "", from: location.href });
      this.draw();
      this.queue.next();
    }

    async run() {
      await this.begin();
      for (;;) {
        while (this.offset < this.size) await this.send();
        this.turn("finishing");
        const headers = { "X-Nuwa-CRC32": hex(this.crc) };
        const response = await this.patiently((signal) => ask(`/${this.id}/finish`, "POST", { headers, signal }));
        if (!response.gap) return (this.dataset = response.dataset);
        await this.compare();
      }
    }

    async begin() {
      const body = JSON.stringify({ name: this.name, size: this.size, joins: this.joins });
      const headers = { "Content-Type": "application/json" };
      const response = await this.patiently((signal) => ask("", "POST", { headers, body, signal }));
      Object.assign(this, { id: response.id, offset: 0, crc: 0 });
      if (response.offset) await this.compare();
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
      const response = await this.patiently((signal) => ask(`/${this.id}?offset=${begin}`, "PUT", { headers, body, signal }), TRIES);
      if (response.offset !== end) return this.compare(); // after a lost response, the offset of the gap is `end`
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
          const response = await request(this.abort.signal);
          if (this.state === "offline") this.turn(before);
          return response;
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
      while (!this.isActive() && !this.gone) await this.rest();
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
        this.queue.release(this);
        if (this.wake) this.wake();
      } else {
        Object.assign(this, { abort: new AbortController(), seen: [] });
      }
      this.queue.next();
      this.queue.uploads.forEach((u) => u.draw());
    }

    async discard() {
      if (this.id && !window.confirm(`Delete the uploaded part of '${this.name}'?`)) return;
      this.gone = true;
      this.abort.abort();
      if (this.wake) this.wake();
      this.queue.drop(this);
      this.queue.announce("The upload was cancelled.");
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

    draw() {
      const text = this.row.draw(this);
      if (text && this.queue.uploads.includes(this)) this.queue.announce(`${this.name}: ${text}`);
    }
  }

  return { Upload, Discarded };
})();
