// Saves all panels of cells as one file, with their titles and the legend of the page.
(function () {
  "use strict";

  const { css, element } = window.nuwaCells;
  const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  function download(address, name) {
    const link = element("a");
    link.href = address;
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  // The legend of a saved file, built from the one on the page: its parts below one another.
  function legendRows(x) {
    const text = (part) => escaped((part && part.textContent) || ""), rows = [];
    let y = 0;
    const write = (content, indent = 0, more = "") => rows.push(`<text x="${x + indent}" y="${y}" ${more}>${content}</text>`);
    for (const part of document.querySelectorAll("#legend .head, #legend .entry, #legend .scale, #legend .ends, #legend .clip")) {
      y += 17;
      if (part.matches(".head")) {
        const help = part.querySelector(".help");
        write(text(part.querySelector("b") || part), 0, 'font-weight="600"');
        if (text(help)) { y += 15; write(text(help), 0, 'font-size="11"'); }
      } else if (part.matches(".entry")) {
        rows.push(`<circle cx="${x + 6}" cy="${y - 4}" r="5" fill="${part.querySelector(".swatch").style.background}"/>`);
        const n = part.matches(".none") ? `, ${text(part.querySelector(".n"))}` : "";
        write(text(part.querySelector(".name")) + n, 18);
      } else if (part.matches(".clip")) {
        write(text(part), 0, 'font-size="11"');
      } else if (part.matches(".scale")) {
        const steps = part.style.background.match(/rgb\([^)]*\)|#[0-9a-f]{6}/gi);
        steps.forEach((paint, k) => rows.push(`<rect x="${x + 12 * k}" y="${y - 9}" width="12.5" height="12" fill="${paint}"/>`));
      } else {
        const [low, high] = part.children;
        write(text(low), 0, 'font-size="11"');
        write(text(high), 192, 'font-size="11" text-anchor="end"');
        y += 8;
      }
    }
    return { rows, high: y + 20 };
  }

  // The labels of a panel whose frame is at (x, y), with the ground behind each as on the page.
  function labelRows(panel, x, y, ground) {
    const box = panel.frame.getBoundingClientRect();
    const lines = [...panel.labels.lines.children].map((line) => {
      const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((name) => Number(line.getAttribute(name)));
      return `<line x1="${x + x1}" y1="${y + y1}" x2="${x + x2}" y2="${y + y2}" stroke="${css("--nuwa-quiet")}"/>`;
    });
    const names = panel.labels.all.filter((label) => !label.node.hidden).map(({ node }) => {
      const at = node.getBoundingClientRect(), left = x + at.left - box.left, top = y + at.top - box.top;
      return `<rect x="${left}" y="${top}" width="${at.width}" height="${at.height}" rx="3" fill="${ground}" opacity="0.72"/>`
        + `<text x="${left + at.width / 2}" y="${top + at.height - 4}" text-anchor="middle" font-size="11">${escaped(node.textContent)}</text>`;
    });
    return [...lines, ...names];
  }

  // One file, as "svg" or "png".
  window.nuwaCells.save = async function save(viewer, form) {
    const { host } = viewer, scale = form === "png" ? 2 : 1, box = host.getBoundingClientRect(), wide = box.width + 240;
    const legend = legendRows(box.width + 20), tall = Math.max(box.height, legend.high);
    const parts = [];
    for (const panel of viewer.panels) {
      if (!panel.points) continue;
      const at = panel.frame.getBoundingClientRect();
      parts.push({ x: at.left - box.left, y: at.top - box.top, w: at.width, h: at.height, panel, image: panel.canvas.toDataURL() });
    }
    const ink = css("--nuwa-text"), background = css("--nuwa-card"), line = css("--nuwa-line");
    const svg = [`<svg xmlns="http://www.w3.org/2000/svg" width="${wide}" height="${tall}" font-family="Inter, sans-serif" font-size="12" fill="${ink}">`];
    svg.push(`<rect width="100%" height="100%" fill="${background}"/>`);
    for (const { x, y, w, h, panel, image } of parts) {
      svg.push(`<image x="${x}" y="${y}" width="${w}" height="${h}" href="${image}"/><rect x="${x}" y="${y}" width="${w}" height="${h}" fill="none" stroke="${line}"/>`);
      svg.push(...labelRows(panel, x, y, background));
      svg.push(`<text x="${x}" y="${y - 8}" font-weight="600">${escaped(panel.title.textContent)}</text>`);
      svg.push(`<text x="${x + w}" y="${y - 8}" text-anchor="end" font-size="11">${escaped(panel.badge.textContent)}</text>`);
      svg.push(`<text x="${x + w / 2}" y="${y + h + 14}" text-anchor="middle" font-size="11">${escaped(panel.x.textContent)}</text>`);
      svg.push(`<text transform="translate(${x - 6} ${y + h / 2}) rotate(-90)" text-anchor="middle" font-size="11">${escaped(panel.y.textContent)}</text>`);
    }
    svg.push(...legend.rows);
    const badge = host.closest(".nuwa-plot").querySelector(".nuwa-plot-badge .nuwa-badge");
    if (badge) svg.push(`<text x="${wide - 8}" y="${tall - 8}" text-anchor="end" font-size="11">${escaped(badge.textContent)}</text>`);
    svg.push("</svg>");
    const address = URL.createObjectURL(new Blob([svg.join("")], { type: "image/svg+xml" }));
    if (form === "svg") return download(address, "nuwa_panels.svg");
    const image = new Image(), canvas = element("canvas");
    image.src = address;
    await image.decode();
    [canvas.width, canvas.height] = [scale * wide, scale * tall];
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    URL.revokeObjectURL(address);
    canvas.toBlob((blob) => download(URL.createObjectURL(blob), "nuwa_panels.png"));
  };
})();
