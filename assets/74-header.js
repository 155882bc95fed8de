// The title of the tab names the page and what it is about; after a change of page the focus is on its heading.
(function () {
  let visit = null;
  const follow = () => {
    const header = document.querySelector(".nuwa-header[data-title]");
    if (!header) return;
    if (document.title !== header.dataset.title) document.title = header.dataset.title;
    const now = header.dataset.visit;
    if (!now || now === visit) return;
    const first = visit === null;
    visit = now;
    // The page that was asked for first leaves the focus where browsers put it.
    if (!first) header.querySelector("h1").focus({ preventScroll: true });
  };
  new MutationObserver(follow).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["data-title", "data-visit"],
  });
})();
