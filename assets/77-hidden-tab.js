// A tab that nobody sees asks the server less often, and as often as before when it is seen again.
(function () {
  "use strict";

  const POLLS = ["poll", "sidebar-tick", "compare-tick", "search-tick", "runs-tick", "admin-queue-tick"];
  const HIDDEN = 10000; // milliseconds between two questions
  const usual = {};

  function pollOf(id) {
    try {
      return window.dash_component_api.getLayout(id);
    } catch { // it is on another page
      return null;
    }
  }

  document.addEventListener("visibilitychange", () => {
    for (const id of POLLS) {
      const poll = pollOf(id);
      if (!poll) continue;
      if (document.hidden && poll.props.interval < HIDDEN) usual[id] = poll.props.interval;
      const interval = document.hidden ? HIDDEN : usual[id];
      if (interval) window.dash_clientside.set_props(id, { interval });
    }
  });
})();
