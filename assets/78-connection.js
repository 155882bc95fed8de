// A page that has lost its server or its session says so, and goes on by itself.
//
// A request that has no answer for five seconds, or none at all, asks /health. While that is silent, a bar is over the page;
// when it answers again, the bar goes and lost callbacks are sent again. An answer 401 loads the page again: the server
// asks the person to sign in, and brings the person back here.
(function () {
  const PATIENCE = 5000, EVERY = 2000; // milliseconds
  const HEALTH = "/health";
  const ask = window.fetch.bind(window);
  let away = false, asking = false, leaving = false;

  function bar() {
    let element = document.getElementById("nuwa-connection");
    if (!element) {
      element = document.createElement("div");
      element.id = "nuwa-connection";
      element.className = "nuwa-connection";
      element.setAttribute("role", "alert");
      document.body.append(element);
    }
    return element;
  }

  async function answers() {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      return (await ask(HEALTH, { cache: "no-store", signal: stop.signal })).ok;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  async function look() {
    if (asking || leaving) return;
    asking = true;
    if (!(await answers())) {
      away = true;
      bar().textContent = "The server does not answer. This page shows what it last knew, and continues when the server is back.";
      while (!(await answers())) await new Promise((resolve) => setTimeout(resolve, EVERY));
      away = false;
      bar().remove();
    }
    asking = false;
    window.dispatchEvent(new Event("nuwa-back"));
  }

  function signedOut() {
    if (leaving) return;
    leaving = true;
    window.location.reload();
  }

  window.fetch = async function (...request) {
    const late = setTimeout(look, PATIENCE);
    try {
      const answer = await ask(...request);
      if (answer.status === 401 && new URL(answer.url).origin === location.origin) signedOut();
      if ([502, 503, 504].includes(answer.status)) look();
      return answer;
    } catch (error) {
      if (error.name === "AbortError") throw error;
      look();
      if (!String(request[0]).includes("_dash-update-component")) throw error;
      // The page waits for the answer of its callback, so it goes on where it was when the server is back.
      await new Promise((resolve) => window.addEventListener("nuwa-back", resolve, { once: true }));
      return ask(...request);
    } finally {
      clearTimeout(late);
    }
  };
  window.addEventListener("offline", look);
  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });
  window.nuwaConnection = { isAway: () => away };
})();
