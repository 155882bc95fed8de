// The second click of a double click on a button does nothing: whoever is used to double clicks starts one job, and creates
// one thing. Buttons that are pressed several times on purpose have `data-repeats` (dashboard/components/buttons.py).
(function () {
  "use strict";

  document.addEventListener("click", (event) => {
    const button = event.detail > 1 && event.target.closest?.("button.btn");
    if (!button || "repeats" in button.dataset) return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
})();
