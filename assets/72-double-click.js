// A double click on a button is one click, or what it begins would begin twice. Undo and redo count each click.
document.addEventListener("click", (event) => {
  const button = event.detail > 1 && event.target.closest(".btn");
  if (!button || button.closest(".history, #annotate-undo")) return;
  event.stopImmediatePropagation();
  event.preventDefault();
}, true);
