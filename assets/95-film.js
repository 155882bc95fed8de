// The player of the film of a run's latent space: dashboard/pages/train/film has the card and the routes.
(function () {
  "use strict";

  const SECONDS = 10; // of a whole film
  const SLOWEST = 4; // frames a second, of a short one
  const BYTES_A_SECOND = 10000; // while the run trains; the whole film is loaded once when it ends
  const SIZE = 3; // pixels of a cell
  const NAMES = ["queued", "running", "cancelling"]; // of a run that may get further frames

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const element = (tag, attributes, parent) => {
    const node = Object.assign(document.createElement(tag), attributes);
    parent.append(node);
    return node;
  };

  async function receive(url) {
    const response = await fetch(url, { credentials: "same-origin" });
    if (!response.ok) throw new Error("The film could not be loaded.");
    const buffer = await response.arrayBuffer();
    const length = new DataView(buffer).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    return { ...head, numbers: new Int16Array(buffer, 4 + length), bytes: buffer.byteLength };
  }

  class Player {
    constructor(root) {
      this.root = root;
      this.frames = []; // {epoch, numbers, unit}
      this.place = 0; // of the picture, in frames: 2.5 is half way between the third and the fourth
      this.playing = false;
      this.nextAsk = 0;
      this.canvas = element("canvas", { className: "nuwa-film-canvas" }, root);
      this.canvas.setAttribute("role", "img");
      const row = element("div", { className: "nuwa-actions" }, root);
      this.button = element("button", { type: "button", className: "btn btn-outline-primary", id: "film-play", textContent: "Play film" }, row);
      this.slider = element("input", { type: "range", id: "film-slider", min: 0, max: 0, step: "any", value: 0 }, row);
      this.slider.setAttribute("aria-label", "Epoch of the film");
      this.label = element("output", { id: "film-epoch" }, row);
      this.button.addEventListener("click", () => (this.playing ? this.stop() : this.play()));
      this.slider.addEventListener("input", () => { this.stop(); this.place = Number(this.slider.value); this.draw(); });
      new ResizeObserver(() => this.draw()).observe(this.canvas);
    }

    paint(colour) {
      this.colour = colour;
      // Cells of one colour are drawn together; the order is mixed within it as the cells were drawn at random.
      this.order = colour.codes.map((_, i) => i).sort((a, b) => colour.codes[a] - colour.codes[b]);
      this.draw();
    }

    async ask(isLive) {
      const now = performance.now();
      if (this.asking || (isLive && now < this.nextAsk)) {
        // Not left to the next tick: there is none until an epoch ends.
        clearTimeout(this.later);
        this.later = setTimeout(() => this.root.isConnected && this.ask(isLive), Math.max(250, this.nextAsk - now));
        return;
      }
      this.asking = true;
      try {
        const last = this.frames.at(-1);
        const grows = isLive && last && this.frames.length < 2 * this.anchored;
        const query = grows ? `?since=${last.epoch}&axes=${this.axes}` : "";
        const film = await receive(`/film/${this.colour.run}/frames${query}`);
        this.nextAsk = performance.now() + Math.max(2000, (1000 * film.bytes) / BYTES_A_SECOND);
        const follows = this.place >= this.frames.length - 1 && !this.playing;
        const size = 2 * film.n;
        const added = film.epochs.map((epoch, k) => (
          { epoch, unit: film.unit, numbers: film.numbers.subarray(k * size, (k + 1) * size) }
        ));
        if (grows && film.axes === this.axes) this.frames.push(...added);
        else [this.frames, this.axes, this.anchored] = [added, film.axes, added.length];
        this.box = 1.05 * Math.max(...this.frames.map((f) => f.unit * 32000));
        this.slider.max = Math.max(this.frames.length - 1, 0);
        if (follows || this.place > this.frames.length - 1) this.place = Math.max(this.frames.length - 1, 0);
        this.draw();
      } catch (error) {
        this.nextAsk = performance.now() + 5000; // the next tick asks again
      } finally {
        this.asking = false;
      }
    }

    play() {
      if (this.frames.length < 2) return;
      if (this.place >= this.frames.length - 1) this.place = 0;
      this.playing = true;
      this.button.textContent = "Stop film";
      this.before = performance.now();
      const step = (now) => {
        if (!this.playing || !this.root.isConnected) return;
        const pace = Math.max(SLOWEST, this.frames.length / SECONDS);
        const passed = Math.max(0, now - this.before); // a frame may have begun before the press
        this.place = Math.min(this.place + (pace * passed) / 1000, this.frames.length - 1);
        this.before = now;
        this.draw();
        if (this.place >= this.frames.length - 1) this.stop();
        else requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    }

    stop() {
      this.playing = false;
      this.button.textContent = "Play film";
    }

    draw() {
      const { canvas, colour, frames } = this;
      const width = canvas.clientWidth, height = canvas.clientHeight, ratio = devicePixelRatio || 1;
      if (!colour || !frames.length || !width || frames[0].numbers.length !== 2 * colour.codes.length) return;
      if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
        canvas.width = width * ratio;
        canvas.height = height * ratio;
      }
      const pen = canvas.getContext("2d");
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      const at = Math.min(Math.floor(this.place), frames.length - 1), share = this.place - at;
      const one = frames[at], two = frames[Math.min(at + 1, frames.length - 1)];
      const scale = Math.min(width, height) / 2 / (this.box || 1);
      const x = (i) => width / 2 + scale * ((1 - share) * one.numbers[2 * i] * one.unit + share * two.numbers[2 * i] * two.unit);
      const y = (i) => height / 2 - scale * ((1 - share) * one.numbers[2 * i + 1] * one.unit + share * two.numbers[2 * i + 1] * two.unit);
      pen.fillStyle = css("--bs-body-color") || "#222";
      for (const i of this.order) if (colour.marks[i]) pen.fillRect(x(i) - SIZE / 2 - 1.25, y(i) - SIZE / 2 - 1.25, SIZE + 2.5, SIZE + 2.5);
      let code = -1;
      for (const i of this.order) {
        if (colour.codes[i] !== code) { code = colour.codes[i]; pen.fillStyle = colour.palette[code]; }
        pen.fillRect(x(i) - SIZE / 2, y(i) - SIZE / 2, SIZE, SIZE);
      }
      this.slider.value = this.place;
      const epoch = frames[Math.round(this.place)].epoch;
      this.label.textContent = `epoch ${epoch}`;
      this.slider.setAttribute("aria-valuetext", `epoch ${epoch}`);
      canvas.setAttribute("aria-label", `The latent space of ${colour.codes.length} cells after epoch ${epoch}`);
      canvas.dataset.epoch = epoch;
    }
  }

  function address(by) {
    const query = new URLSearchParams(location.search);
    if (location.pathname !== "/train" || !by || query.get("film") === by) return;
    query.set("film", by);
    history.replaceState(history.state, "", `?${query}${location.hash}`);
  }

  window.nuwaFilm = {
    // A new tick of the run or another colour: paint, and ask for the frames that the player lacks.
    update(colour, tick, by) {
      const root = document.getElementById("film");
      if (!root || !colour) return;
      if (!root.nuwaPlayer) root.nuwaPlayer = new Player(root);
      const player = root.nuwaPlayer;
      if (player.colour !== colour) player.paint(colour);
      if (player.by !== undefined && player.by !== by) address(by);
      player.by = by;
      const isLive = !!tick && NAMES.includes(tick[0]);
      if (isLive || player.wasLive || !player.frames.length) player.ask(isLive && player.frames.length > 0);
      player.wasLive = isLive;
    },
  };
})();
