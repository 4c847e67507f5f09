/**
 * An envelope as a series of QR codes that another phone reads in any order, and as often as it likes. Pure.
 *
 * A frame is `FH1`, eight characters that name the set (the first 40 bits of the envelope's SHA-256, base 32), index and
 * count (two digits of base 36 each), seven of CRC-32 over all that, and its part of the envelope in base 45 (RFC 9285):
 * letters that a QR code packs two in eleven bits. A frame that was misread fails its CRC; a set that was put together
 * wrongly fails its name.
 */

const MARK = "FH1";
const HEADER = MARK.length + 8 + 2 + 2 + 7;
const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Bytes in a frame: QR version 11 at level L, 61 modules, read from a phone's screen by a phone at arm's length. */
export const FRAME_BYTES = 260;
/** More than this is shown for too long: then it is a file. */
export const MOST_FRAMES = 200;

/** @param {Uint8Array} bytes */
export function toBase45(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 2) {
    const two = at + 1 < bytes.length;
    let value = two
      ? /** @type {number} */ (bytes[at]) * 256 + /** @type {number} */ (bytes[at + 1])
      : (bytes[at] ?? 0);
    for (let digit = two ? 3 : 2; digit > 0; digit -= 1) {
      text += BASE45[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer> | null}
 */
export function fromBase45(text) {
  if (text.length % 3 === 1) return null;
  /** @type {number[]} */
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = [...text.slice(at, at + 3)].map((letter) => BASE45.indexOf(letter));
    if (digits.includes(-1)) return null;
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (value > (digits.length === 3 ? 0xffff : 0xff)) return null;
    if (digits.length === 3) bytes.push(value >> 8);
    bytes.push(value & 0xff);
  }
  return new Uint8Array(bytes);
}

/** @param {string} text */
function crc32(text) {
  let crc = ~0;
  for (let at = 0; at < text.length; at += 1) {
    crc ^= text.charCodeAt(at);
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** @param {number} value @param {number} length */
const base36 = (value, length) => value.toString(36).toUpperCase().padStart(length, "0");

/**
 * @param {Uint8Array<ArrayBuffer>} sealed
 * @returns {Promise<string>}
 */
async function nameOf(sealed) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", sealed));
  let bits = 0n;
  for (const byte of hash.subarray(0, 5)) bits = bits * 256n + BigInt(byte);
  let name = "";
  for (let digit = 0; digit < 8; digit += 1) {
    name = BASE32[Number(bits % 32n)] + name;
    bits /= 32n;
  }
  return name;
}

/**
 * The texts of the codes.
 * @param {Uint8Array<ArrayBuffer>} sealed
 * @returns {Promise<string[]>} none when it is too long for this way
 */
export async function toFrames(sealed) {
  const count = Math.ceil(sealed.length / FRAME_BYTES);
  if (count > MOST_FRAMES) return [];
  const name = await nameOf(sealed);
  return Array.from({ length: count }, (_, index) => {
    const head = `${MARK}${name}${base36(index, 2)}${base36(count, 2)}`;
    const part = toBase45(sealed.subarray(index * FRAME_BYTES, (index + 1) * FRAME_BYTES));
    return head + base36(crc32(head + part), 7) + part;
  });
}

/**
 * @param {string} text of a code that was read
 * @returns {{ name: string, index: number, count: number, part: Uint8Array<ArrayBuffer> } | null} null: none of ours
 */
export function readFrame(text) {
  if (!text.startsWith(MARK) || text.length <= HEADER) return null;
  const head = text.slice(0, HEADER - 7);
  const encoded = text.slice(HEADER);
  const part = fromBase45(encoded);
  if (!part || text.slice(HEADER - 7, HEADER) !== base36(crc32(head + encoded), 7)) return null;
  const index = Number.parseInt(head.slice(11, 13), 36);
  const count = Number.parseInt(head.slice(13, 15), 36);
  if (!(count > 0 && count <= MOST_FRAMES && index < count)) return null;
  return { name: head.slice(3, 11), index, count, part };
}

/** Puts the frames of one set together. A frame of another set begins anew: the other phone shows something else now. */
export class Collector {
  name = "";
  count = 0;
  /** @type {Map<number, Uint8Array<ArrayBuffer>>} */
  #parts = new Map();

  /**
   * @param {string} text of a code
   * @returns {"new" | "known" | "other"} `other`: no frame of ours
   */
  take(text) {
    const frame = readFrame(text);
    if (!frame) return "other";
    if (frame.name !== this.name || frame.count !== this.count) {
      this.name = frame.name;
      this.count = frame.count;
      this.#parts.clear();
    }
    if (this.#parts.has(frame.index)) return "known";
    this.#parts.set(frame.index, frame.part);
    return "new";
  }

  /** @returns {number} frames read */
  get read() {
    return this.#parts.size;
  }

  /** @returns {number[]} numbers of the frames that are missing, from 1, as they are shown */
  get missing() {
    return Array.from({ length: this.count }, (_, index) => index)
      .filter((index) => !this.#parts.has(index))
      .map((index) => index + 1);
  }

  /**
   * The envelope once all its frames were read; null before. Begins anew when they do not fit.
   * @returns {Promise<Uint8Array<ArrayBuffer> | null>}
   */
  async whole() {
    if (this.count === 0 || this.#parts.size < this.count) return null;
    const parts = Array.from({ length: this.count }, (_, index) => this.#parts.get(index) ?? new Uint8Array());
    const sealed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      sealed.set(part, at);
      at += part.length;
    }
    if ((await nameOf(sealed)) === this.name) return sealed;
    this.#parts.clear();
    return null;
  }
}
