/**
 * Seals facts that cannot be sent, so that another phone or a file can carry them: nobody on the way can read or change
 * them. fieldops/api/envelope.py says how it is made, and opens it; tests/vectors/envelope.json holds the two together.
 */

const HEAD = 34;
const NONCE = 12;
const TAG = 16;
/** First line of a file. */
const FILE_HEAD = "FIELDOPS1";
export const MOST_SEALED = 512 * 1024;

/** @param {Uint8Array} bytes */
export function toBase64Url(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export const fromBase64Url = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));

/**
 * The key of the snapshot as the phone keeps it: usable, and not to be read out again by any script.
 * @param {string} text base64url
 * @returns {Promise<CryptoKey | null>} null where the browser has no cryptography (a page without https)
 */
export async function importKey(text) {
  if (!globalThis.crypto?.subtle) return null;
  return crypto.subtle.importKey("raw", fromBase64Url(text), "AES-GCM", false, ["encrypt"]);
}

/** @param {string} id */
const uuidBytes = (id) =>
  Uint8Array.from(id.replaceAll("-", "").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** @param {Uint8Array} bytes */
const uuidText = (bytes) =>
  [...bytes]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

/**
 * @param {Uint8Array<ArrayBuffer>} content
 * @returns {Promise<{ packed: Uint8Array<ArrayBuffer>, how: number }>}
 */
async function pack(content) {
  if (typeof CompressionStream === "undefined") return { packed: content, how: 0 };
  const stream = new Blob([content]).stream().pipeThrough(new CompressionStream("deflate"));
  return { packed: new Uint8Array(await new Response(stream).arrayBuffer()), how: 1 };
}

/**
 * @param {{ key: CryptoKey, device: string, person: string, window: string, sentAt: string, events: unknown[],
 *   nonce?: Uint8Array<ArrayBuffer> }} given `nonce`: for a test
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function seal({ key, device, person, window, sentAt, events, nonce }) {
  const text = JSON.stringify({ sent_at: sentAt, window, events });
  const { packed, how } = await pack(new TextEncoder().encode(text));
  const head = new Uint8Array([1, how, ...uuidBytes(device), ...uuidBytes(person)]);
  const iv = nonce ?? crypto.getRandomValues(new Uint8Array(NONCE));
  const closed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: head }, key, packed);
  const sealed = new Uint8Array(HEAD + NONCE + closed.byteLength);
  sealed.set(head);
  sealed.set(iv, HEAD);
  sealed.set(new Uint8Array(closed), HEAD + NONCE);
  return sealed;
}

/**
 * The device that says to have sealed it; null when it is no envelope. Whether it tells the truth, the server finds out.
 * @param {Uint8Array} sealed
 */
export function deviceOf(sealed) {
  if (sealed.length < HEAD + NONCE + TAG || sealed.length > MOST_SEALED || sealed[0] !== 1) return null;
  return uuidText(sealed.subarray(2, 18));
}

/** @param {Uint8Array} sealed */
export const toFile = (sealed) => `${FILE_HEAD}\n${toBase64Url(sealed)}\n`;

/**
 * @param {string} content of a file
 * @returns {Uint8Array<ArrayBuffer> | null} null when it is none of ours
 */
export function fromFile(content) {
  const [head = "", text = ""] = content.split(/\r?\n/);
  if (head.trim() !== FILE_HEAD || !/^[\w-]+$/.test(text.trim())) return null;
  try {
    const sealed = fromBase64Url(text.trim());
    return deviceOf(sealed) ? sealed : null;
  } catch {
    return null;
  }
}
