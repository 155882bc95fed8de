// Tells screen readers what belongs to a number field (dashboard/components/number_field.py): range, help and error.
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
  let waiting = false;
  const later = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; describe(); });
  };
  new MutationObserver(later).observe(document.documentElement, { childList: true, subtree: true, characterData: true });
})();
