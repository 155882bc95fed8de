// Tells screen readers what belongs to a number field (dashboard/components/number_field.py): range, help and error.
// A field that shows an error is checked again while somebody corrects it. Otherwise the first click on the button below
// would be lost: the button is disabled, or moves, until the field is left.
(function () {
  const fields = document.getElementsByClassName("nuwa-number");
  function describe() {
    for (const field of fields) {
      const input = field.querySelector("input"), error = field.querySelector(".error");
      if (!input || !error) continue;
      const invalid = String(error.textContent !== "");
      if (input.getAttribute("aria-invalid") !== invalid) input.setAttribute("aria-invalid", invalid);
      const described = [...field.querySelectorAll(".unit, .help, .error")].map((part) => part.id).filter(Boolean).join(" ");
      if (input.getAttribute("aria-describedby") !== described) input.setAttribute("aria-describedby", described);
    }
  }
  const PAUSE = 300; // milliseconds without a key
  let correcting = 0;
  document.addEventListener("input", ({ target }) => {
    if (!target.closest(".nuwa-number") || target.getAttribute("aria-invalid") !== "true") return;
    clearTimeout(correcting);
    correcting = setTimeout(() => {
      target.dispatchEvent(new Event("change", { bubbles: true })); // fields of our own scripts
      target.dispatchEvent(new FocusEvent("focusout", { bubbles: true })); // those of Dash
    }, PAUSE);
  });
  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; describe(); });
  };
  new MutationObserver(later).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
})();
