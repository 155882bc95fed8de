// Names for parts of Dash's own components that have none, so that a screen reader can say what they are: the thumb and the
// number of a slider, the file input of an upload, and a dropdown of several values.
(function () {
  const labels = new Map(); // of the page as it is: label by the id that it is for
  const nameOf = (id) => (labels.get(id) || "").trim();
  const set = (element, name) => { if (name && element.getAttribute("aria-label") !== name) element.setAttribute("aria-label", name); };

  function patch() {
    labels.clear();
    for (const label of document.querySelectorAll("label[for]")) labels.set(label.htmlFor, label.textContent);
    for (const slider of document.querySelectorAll(".dash-slider-container[id]"))
      for (const part of slider.querySelectorAll(".dash-slider-thumb, input[type=number]")) set(part, nameOf(slider.id));
    for (const input of document.querySelectorAll("input[type=file]:not([id])")) set(input, input.parentElement.textContent.trim());
    for (const target of document.querySelectorAll(".dash-dropdown-focus-target")) {
      const button = target.parentElement.querySelector("button.dash-dropdown");
      // Dash hides it from screen readers, although the keyboard reaches it and not the button.
      target.removeAttribute("aria-hidden");
      set(target, nameOf(button.id) || "Choice");
      // Its name has to contain what it shows, and Dash's is in another order.
      button.removeAttribute("aria-labelledby");
      set(button, `${nameOf(button.id)} ${button.textContent.trim()}`.trim());
    }
  }

  // A table wider than its card scrolls by the keyboard, too.
  function reach() {
    for (const box of document.querySelectorAll(".nuwa-scroll")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; patch(); reach(); });
  };
  window.addEventListener("resize", later);
  document.addEventListener("toggle", later, true); // a table in a fold has its width when the fold is open
  new MutationObserver(later).observe(document.documentElement, { childList: true, subtree: true });
})();
