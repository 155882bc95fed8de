// All uploads of this tab, one after another, and their place on the page. dashboard/server/upload_routes.py is the server.
// An upload continues while this tab is open, on every page. After a reload the server still has the parts that were sent,
// and continues when the same file is chosen again.
(function () {
  const { Refused, ask } = window.nuwaUploadProtocol;
  const { element, amount } = window.nuwaUploadRow;
  const { Upload, Discarded } = window.nuwaUpload;

  const status = element("div", { className: "visually-hidden", role: "status" }); // what a screen reader announces

  const queue = {
    uploads: [],
    active: null,

    // Start or wake the next upload; those after a paused one go first.
    next() {
      if (queue.active) return;
      queue.active = queue.uploads.find((u) => !u.paused && (u.begun || u.state === "waiting")) || null;
      if (!queue.active) return;
      if (!queue.active.begun) start(queue.active);
      else if (queue.active.wake) queue.active.wake();
    },

    release(upload) {
      if (queue.active === upload) queue.active = null;
    },

    drop(upload) {
      queue.uploads.splice(queue.uploads.indexOf(upload), 1);
      upload.row.node.remove();
      queue.announce(""); // the last announcement may be about this one
    },

    announce(text) {
      status.textContent = text;
    },

    open(upload) {
      queue.drop(upload);
      window.dash_clientside.set_props("url", { href: `/data?dataset=${upload.dataset}` });
    },

    chooseAgain(upload) {
      const input = element("input", { type: "file", onchange: () => {
        const [file] = input.files;
        if (file.name === upload.name && file.size === upload.size) {
          return upload.take(file, Number(document.getElementById("upload").dataset.part));
        }
        upload.row.show(`You chose '${file.name}' (${amount(file.size)}). The interrupted upload is '${upload.name}' (${amount(upload.size)}).`);
      } });
      input.click();
    },
  };

  async function start(upload) {
    upload.begun = true;
    try {
      await upload.run();
      upload.turn("done");
    } catch (error) {
      if (!(error instanceof Discarded)) {
        upload.error = error instanceof Refused ? error.message : `An error occurred in this page: ${error.message}.`;
        upload.turn("failed");
      }
    }
    upload.begun = false;
    queue.release(upload);
    queue.next();
    if (!queue.active) arrive();
  }

  // Open the last dataset only if the person still waits on the page; the first dataset of all is opened by the page.
  function arrive() {
    const arrived = queue.uploads.filter((u) => u.state === "done"), last = arrived[arrived.length - 1];
    if (last && [location.href, location.href.split("?")[0]].includes(last.from)) {
      arrived.slice(0, -1).forEach(queue.drop);
      queue.open(last);
    }
  }

  function add(record) {
    const upload = new Upload(record, queue);
    queue.uploads.push(upload);
    mount();
    return upload;
  }

  function addFiles(files, zone) {
    const part = Number(zone.dataset.part), dataset = zone.dataset.dataset;
    const what = dataset && document.querySelector("#join-what input:checked").value;
    const limit = (id) => document.getElementById(id).value;
    const droplets = what !== "background" ? null : {
      fewest_protein: limit("droplets-protein"), most_rna: limit("droplets-rna"),
    };
    for (const file of files) {
      const record = { name: file.name, size: file.size, joins: dataset ? { dataset, what, droplets } : null };
      const known = queue.uploads.find((u) => u.same(record) && u.state !== "done");
      if (known && !["interrupted", "failed"].includes(known.state)) continue; // it is being uploaded
      (known || add(record)).take(file, part);
    }
  }

  // Uploads that were interrupted before this page was loaded.
  async function recall() {
    const listed = await ask("").catch(() => []);
    const interrupted = listed.map((u) => ({ ...u, joins: u.joins && { dataset: u.joins[0], what: u.joins[1], droplets: u.joins[2] ?? null } }));
    queue.uploads.filter((u) => u.state === "interrupted" && !interrupted.some((record) => u.same(record))).forEach(queue.drop);
    interrupted.filter((record) => !queue.uploads.some((u) => u.same(record) && u.state !== "done")).forEach(add);
  }

  // ---- The page: Dash draws an empty host for the rows and for each field, whenever it draws the page
  let host = null;

  function mount() {
    const newHost = document.getElementById("uploads");
    if (newHost && newHost !== host) {
      host = newHost;
      host.append(status);
      recall();
    }
    if (host) queue.uploads.filter((u) => u.row.node.parentNode !== host).forEach((u) => host.append(u.row.node));
    for (const pick of document.querySelectorAll(".nuwa-drop .nuwa-pick:empty")) {
      const zone = pick.closest(".nuwa-drop");
      const input = element("input", { type: "file", hidden: true, accept: zone.dataset.accept, multiple: !zone.dataset.dataset });
      input.onchange = () => {
        addFiles([...input.files], zone);
        input.value = ""; // so that the same file can be chosen again
      };
      pick.append(input);
    }
  }
  new MutationObserver(mount).observe(document.documentElement, { childList: true, subtree: true });

  const zoneOf = (event) => event.target.closest && event.target.closest(".nuwa-drop");
  document.addEventListener("click", (event) => {
    const zone = zoneOf(event);
    if (zone && event.target.type !== "file") zone.querySelector(".nuwa-pick input").click();
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const zone = zoneOf(event);
      if (!zone) return;
      event.preventDefault();
      zone.classList.toggle("over", kind === "dragover");
      if (kind === "drop") addFiles([...event.dataTransfer.files], zone);
    });
  }
  window.addEventListener("online", () => queue.uploads.forEach((u) => u.state === "offline" && (u.left = 0, u.wake())));
})();
