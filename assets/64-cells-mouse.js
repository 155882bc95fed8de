// Mouse, touch and keys in a panel: pan and zoom, draw a lasso, point at a cell.
(function () {
  "use strict";

  const CLICK = 4; // largest movement of a click in pixels
  const STEP = 0.1; // of the frame, for an arrow key
  const LARGER = 1.4; // zoom factor of a key
  const LINE = 16; // pixels per line of a wheel that counts lines
  const WHEEL = 400; // pixels of a wheel for a zoom factor of e

  window.nuwaCells.listen = function listen(panel) {
    const { frame, view, viewer } = panel;
    const where = (event) => {
      const box = frame.getBoundingClientRect();
      return [event.clientX - box.left - frame.clientLeft, event.clientY - box.top - frame.clientTop];
    };
    const zoom = (by, [x, y]) => view.zoom(by, x / panel.wide, 1 - y / panel.tall);
    let down = null, last = null, lasso = null; // where the button was pressed, the last position, and the outline so far
    const end = () => { down = last = lasso = null; panel.outline.removeAttribute("points"); };

    frame.addEventListener("pointerdown", (event) => {
      if (event.button || !panel.points) return;
      down = last = where(event);
      if (viewer.tool === "lasso") lasso = [down];
    });
    frame.addEventListener("pointermove", (event) => {
      const at = where(event);
      if (down && !event.buttons) end(); // released outside, where nothing was captured yet
      // Not before a movement: a double click on a label is one on the label.
      if (down && !frame.hasPointerCapture(event.pointerId)) frame.setPointerCapture(event.pointerId);
      if (lasso) {
        lasso.push(at);
        panel.outline.setAttribute("points", lasso.map((p) => p.join(",")).join(" "));
      } else if (down) {
        view.move((at[0] - last[0]) / panel.wide, (last[1] - at[1]) / panel.tall);
        last = at;
        viewer.moved(panel);
      } else if (!event.buttons) viewer.hover(panel, panel.nearest(...at), at);
    });
    frame.addEventListener("pointerup", (event) => {
      const at = where(event);
      if (lasso && lasso.length > 2) viewer.selected(panel, lasso);
      else if (down && Math.hypot(at[0] - down[0], at[1] - down[1]) < CLICK) viewer.clicked(panel.nearest(...at));
      end();
    });
    frame.addEventListener("pointercancel", end);
    frame.addEventListener("pointerleave", () => viewer.hover(panel, -1));
    frame.addEventListener("wheel", (event) => {
      if (!panel.points) return;
      event.preventDefault();
      zoom(Math.exp((-event.deltaY * (event.deltaMode ? LINE : 1)) / WHEEL), where(event));
      viewer.moved(panel);
    }, { passive: false });
    frame.addEventListener("dblclick", (event) => {
      if (event.target.closest(".nuwa-cells-label")) return; // which renames: 69-cells-rename.js
      view.reset();
      viewer.moved(panel);
    });

    const middle = () => [panel.wide / 2, panel.tall / 2];
    const keys = {
      ArrowLeft: () => view.move(STEP, 0), ArrowRight: () => view.move(-STEP, 0),
      ArrowUp: () => view.move(0, -STEP), ArrowDown: () => view.move(0, STEP),
      "+": () => zoom(LARGER, middle()), "-": () => zoom(1 / LARGER, middle()), 0: () => view.reset(),
    };
    frame.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
      viewer.moved(panel);
    });
  };
})();
