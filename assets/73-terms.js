// The definition of a term of the glossary, shown while it is pointed at or has the focus. Esc hides it.
(function () {
  let tip = null, owner = null;
  const make = () => {
    tip = document.createElement("div");
    tip.id = "nuwa-definition";
    tip.className = "nuwa-definition";
    tip.setAttribute("role", "tooltip");
    tip.hidden = true;
    document.body.append(tip);
    tip.addEventListener("mouseleave", (event) => { if (event.relatedTarget !== owner) hide(); });
  };
  const show = (term) => {
    if (!tip) make();
    owner = term;
    tip.textContent = term.dataset.definition;
    tip.hidden = false;
    term.setAttribute("aria-describedby", tip.id);
    const at = term.getBoundingClientRect(), own = tip.getBoundingClientRect(), gap = 4;
    const below = at.bottom + gap + own.height <= window.innerHeight || at.top < own.height + gap;
    tip.style.left = `${Math.max(8, Math.min(at.left, window.innerWidth - own.width - 8))}px`;
    tip.style.top = `${below ? at.bottom + gap : at.top - own.height - gap}px`;
  };
  const hide = () => {
    if (!owner) return;
    tip.hidden = true;
    owner.removeAttribute("aria-describedby");
    owner = null;
  };
  const term = (event) => event.target.closest && event.target.closest(".nuwa-term[data-definition]");
  document.addEventListener("mouseover", (event) => { const found = term(event); if (found && found !== owner) { hide(); show(found); } });
  document.addEventListener("mouseout", (event) => {
    // The pointer may move onto the definition, to select its text.
    if (term(event) && event.relatedTarget !== tip && document.activeElement !== owner) hide();
  });
  document.addEventListener("focusin", (event) => { hide(); const found = term(event); if (found) show(found); });
  document.addEventListener("focusout", (event) => { if (term(event)) hide(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("scroll", hide, { capture: true, passive: true });
})();
