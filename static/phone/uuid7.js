/**
 * UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then chance. Ids made by one phone sort by the time they were made,
 * which keeps the server's index of events compact and breaks ties of two facts of the same millisecond.
 */

let lastMs = 0;
let counter = 0;

/**
 * @param {number} [nowMs] Unix milliseconds; the phone's own clock is enough, only the order matters here.
 * @param {(bytes: Uint8Array<ArrayBuffer>) => Uint8Array} [fill] source of chance
 * @returns {string}
 */
export function uuid7(nowMs = Date.now(), fill = (bytes) => crypto.getRandomValues(bytes)) {
  const bytes = fill(new Uint8Array(16));
  // A clock that was set back must not make an id that sorts before the one just given: 12 bits count on instead.
  if (nowMs > lastMs) {
    lastMs = nowMs;
    counter = ((bytes[6] ?? 0) & 0x07) << 8;
  } else {
    counter += 1;
    if (counter > 0xfff) {
      counter = 0;
      lastMs += 1;
    }
  }
  let rest = lastMs;
  for (let i = 5; i >= 0; i -= 1) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  bytes[6] = 0x70 | (counter >> 8);
  bytes[7] = counter & 0xff;
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
