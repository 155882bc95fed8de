// What an upload says to the server, and how both sides know that a part arrived whole; dashboard/server/upload_routes.py answers.
window.nuwaUploadProtocol = (function () {
  class Away extends Error {} // no answer: it may come back
  class Refused extends Error {} // an answer in words

  // CRC-32, eight bytes a step (M. Kounavis and F. Berry's slicing by 8): hundreds of megabytes a second. The
  // browser's own SHA-256 is there on https and this machine's own address alone, not on a lab's plain http.
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
      const x = words[i] ^ crc, y = words[i + 1]; // little-endian, as every machine that runs a browser is
      crc = h[x & 255] ^ g[(x >>> 8) & 255] ^ f[(x >>> 16) & 255] ^ e[x >>> 24]
        ^ d[y & 255] ^ c[(y >>> 8) & 255] ^ b[(y >>> 16) & 255] ^ a[y >>> 24];
    }
    for (let at = 4 * i; at < bytes.length; at++) crc = (crc >>> 8) ^ a[(crc ^ bytes[at]) & 255];
    return ~crc >>> 0;
  }
  const hex = (crc) => crc.toString(16).padStart(8, "0");

  // Asking the server: what it says, `gap` with the true offset; throws Away or Refused.
  async function ask(path, method = "GET", { headers, body, signal } = {}) {
    let answer, said;
    try {
      answer = await fetch(`/upload${path}`, { method, body, signal, headers: { "X-Requested-With": "nuwa", ...headers } });
      said = answer.status === 204 ? {} : await answer.text();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Away();
    }
    if ([502, 503, 504].includes(answer.status)) throw new Away();
    if (answer.status === 401) throw new Refused("Please sign in again, then choose the same file: it goes on from there.");
    try {
      if (typeof said === "string") said = JSON.parse(said);
    } catch {
      throw new Refused(`The server could not take this file (${answer.status}).`);
    }
    if (answer.status === 409) return { gap: true, ...said };
    if (!answer.ok) throw Object.assign(new Refused(said.error), { status: answer.status });
    return said;
  }

  return { Away, Refused, ask, crc32, hex };
})();
