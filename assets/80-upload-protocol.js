// The requests of an upload and the checksum of its parts; dashboard/server/upload_routes.py is the server.
window.nuwaUploadProtocol = (function () {
  class Offline extends Error {} // no response: the server may be back later
  class Refused extends Error {} // the server refused, with a message

  // CRC-32, eight bytes a step (M. Kounavis and F. Berry's slicing by 8): hundreds of megabytes per second. The
  // browser's own SHA-256 is available on https and localhost only, not on a lab's plain http.
  const TABLES = [new Int32Array(256)];
  for (let i = 0; i < 256; i++) {
    let c = i;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
    TABLES[0][i] = c;
  }
  for (let t = 1; t < 8; t++) TABLES[t] = TABLES[t - 1].map((c) => (c >>> 8) ^ TABLES[0][c & 255]);

  function crc32(buffer, before = 0) {
    const [a, b, c, d, e, f, g, h] = TABLES;
    const bytes = new Uint8Array(buffer), words = new Int32Array(buffer, 0, buffer.byteLength >> 2);
    let crc = ~before, i = 0;
    for (; i + 2 <= words.length; i += 2) {
      const x = words[i] ^ crc, y = words[i + 1]; // little-endian, as on every machine that runs a browser
      crc = h[x & 255] ^ g[(x >>> 8) & 255] ^ f[(x >>> 16) & 255] ^ e[x >>> 24]
        ^ d[y & 255] ^ c[(y >>> 8) & 255] ^ b[(y >>> 16) & 255] ^ a[y >>> 24];
    }
    for (let at = 4 * i; at < bytes.length; at++) crc = (crc >>> 8) ^ a[(crc ^ bytes[at]) & 255];
    return ~crc >>> 0;
  }
  const hex = (crc) => crc.toString(16).padStart(8, "0");

  // A request: the response as an object, with `gap` and the true offset where a part is missing; throws Offline or Refused.
  async function ask(path, method = "GET", { headers, body, signal } = {}) {
    let answer, said;
    try {
      answer = await fetch(`/upload${path}`, { method, body, signal, headers: { "X-Requested-With": "nuwa", ...window.nuwaCsrf(), ...headers } });
      said = answer.status === 204 ? {} : await answer.text();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Offline();
    }
    if ([502, 503, 504].includes(answer.status)) throw new Offline();
    if (answer.status === 401) throw new Refused("Sign in again, then choose the same file: the upload continues.");
    try {
      if (typeof said === "string") said = JSON.parse(said);
    } catch {
      throw new Refused(`The server could not accept this file (${answer.status}).`);
    }
    if (answer.status === 409) return { gap: true, ...said };
    if (!answer.ok) throw Object.assign(new Refused(said.error), { status: answer.status });
    return said;
  }

  return { Offline, Refused, ask, crc32, hex };
})();
