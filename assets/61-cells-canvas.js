// Draws cells on a plain canvas, without WebGL. A million cells take some hundredths of a second, where WebGL without a
// graphics card takes half a second (bench/README.md).
(function () {
  "use strict";

  const { NOWHERE, DIM, OUTSIDE } = window.nuwaCells;
  const FADED = 0.86; // share of the background in the colour of such a cell
  const FAINT = 0.55; // the same of a cell outside the filter, which is grey
  const SMALL = 0.6; // diameter of such a cell, as a share of that of the others
  const SOLID = 500000; // cells above which they are drawn without transparency
  const OPACITY = 0.8;

  const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  const pixel = ([r, g, b]) => (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;

  const mixed = (paint, under, share) => paint.map((c, i) => Math.round(c * (1 - share) + under[i] * share));

  // The pixel of each code, then the same for cells that are not selected, and that of cells outside the
  // filter, on a background '#rrggbb'.
  function palette(colour, background) {
    const under = rgb(background), table = new Uint32Array(2 * DIM + 1);
    for (let code = 0; code < DIM; code++) {
      const paint = rgb(colour.palette[code] || colour.missing);
      table[code] = pixel(paint);
      table[DIM + code] = pixel(mixed(paint, under, FADED));
    }
    table[OUTSIDE] = pixel(mixed(rgb(colour.missing), under, FAINT));
    return table;
  }

  // The pixels of a disc, as offsets in rows of `wide` pixels, and the share of each that it covers, 0 to 1.
  function disc(size, wide) {
    const across = Math.max(1, Math.ceil(size)), middle = (across - 1) / 2, places = [], cover = [];
    for (let y = 0; y < across; y++)
      for (let x = 0; x < across; x++) {
        const share = Math.min(1, Math.max(0, size / 2 + 0.5 - Math.hypot(x - middle, y - middle)));
        if (share > 0.1) { places.push(y * wide + x); cover.push(share); }
      }
    return { across, places: Int32Array.from(places), cover };
  }

  // Without transparency pixels are overwritten; otherwise each is mixed with what is there.
  function stamp(pixels, at, paint, places) {
    for (let m = 0; m < places.length; m++) pixels[at + places[m]] = paint;
  }
  function mix(pixels, at, paint, places, cover) {
    const red = paint & 0xff00ff, green = paint & 0xff00;
    for (let m = 0; m < places.length; m++) {
      const here = at + places[m], under = pixels[here], a = cover[m], b = 256 - a;
      pixels[here] = 0xff000000
        | (((Math.imul(red, a) + Math.imul(under & 0xff00ff, b)) >>> 8) & 0xff00ff)
        | (((Math.imul(green, a) + Math.imul(under & 0xff00, b)) >>> 8) & 0xff00);
    }
  }

  // A canvas on which cells are drawn, with a margin, so that no cell is cut at the edge.
  class Canvas {
    constructor(canvas) { this.canvas = canvas; this.context = canvas.getContext("2d"); }

    // Draw the cells at `points` in their order, as discs of `size` pixels, at most `many` of them as an even sample of the
    // order, the first `faint` of them smaller; `seen` maps their codes to pixels (View.onto). Sizes are in pixels of the
    // canvas, not of the page.
    draw(wide, tall, { points, shade, faint }, table, paper, seen, size, many = Infinity) {
      if (this.canvas.width !== wide || this.canvas.height !== tall) [this.canvas.width, this.canvas.height] = [wide, tall];
      const margin = Math.ceil(size), across = wide + 2 * margin, down = tall + 2 * margin;
      if (!this.image || this.image.width !== across || this.image.height !== down) this.image = this.context.createImageData(across, down);
      const pixels = new Uint32Array(this.image.data.buffer).fill(pixel(rgb(paper))), spot = disc(size, across);
      const small = disc(SMALL * size, across), inset = ((spot.across - small.across) >> 1) * (across + 1);
      const solid = points.length > SOLID, [cover, smallCover] = [spot, small].map((form) => Int32Array.from(form.cover, (share) => Math.round(256 * OPACITY * share)));
      const back = margin - spot.across / 2, x = seen.x + back, y = seen.y + back, { sx, sy } = seen;
      const right = across - spot.across, low = down - spot.across;
      const step = Math.ceil(points.length / many) || 1;
      for (let k = 0; k < points.length; k += step) {
        const point = points[k], left = x + (point & 0xffff) * sx, top = y - (point >>> 16) * sy;
        if (point === NOWHERE || !(left >= 0 && top >= 0 && left <= right && top <= low)) continue;
        const at = ((top + 0.5) | 0) * across + ((left + 0.5) | 0);
        if (k < faint) {
          if (solid) stamp(pixels, at + inset, table[shade[k]], small.places);
          else mix(pixels, at + inset, table[shade[k]], small.places, smallCover);
        } else if (solid) stamp(pixels, at, table[shade[k]], spot.places);
        else mix(pixels, at, table[shade[k]], spot.places, cover);
      }
      this.context.putImageData(this.image, -margin, -margin);
    }
  }

  Object.assign(window.nuwaCells, { palette, Canvas });
})();
