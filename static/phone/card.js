/**
 * What stands on a card: `F1`, 16 characters of Crockford's base32 and a check character; the same rules as
 * fieldops/roster/cards.py. The roster on the phone holds hashes, so a phone that is lost gives no cards away.
 */

const PREFIX = "F1";
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** Crockford's `~` and `=` are not in QR's alphanumeric alphabet: `+` and `%` stand for them. */
const CHECK_ALPHABET = `${ALPHABET}*+$%U`;
const TOKEN_LENGTH = PREFIX.length + 16 + 1;
const MISREAD = /** @type {Record<string, string>} */ ({ O: "0", I: "1", L: "1" });

/**
 * @typedef {{ kind: "card", hash: string } | { kind: "other_school", hash: string, school: string }
 *   | { kind: "unreadable", hash: string }} Reading
 */

/**
 * The check character of the characters between prefix and check: their base-32 number modulo 37.
 * @param {string} body characters of the alphabet only
 */
export function checkCharacter(body) {
  let remainder = 0;
  for (const character of body) remainder = (remainder * 32 + ALPHABET.indexOf(character)) % 37;
  return CHECK_ALPHABET.charAt(remainder);
}

/**
 * The token that was scanned or typed, as printed; null when it is none of ours or a character is wrong. Small letters,
 * spaces, and O, I, L for 0, 1, 1 are tolerated.
 * @param {string} text
 * @returns {string | null}
 */
export function parseToken(text) {
  const typed = text.replace(/\s+/g, "").toUpperCase();
  if (typed.length !== TOKEN_LENGTH) return null;
  const token = typed.replace(/[OIL]/g, (character) => MISREAD[character] ?? character);
  const body = token.slice(PREFIX.length, -1);
  if (!token.startsWith(PREFIX) || [...body].some((character) => !ALPHABET.includes(character))) return null;
  return token.at(-1) === checkCharacter(body) ? token : null;
}

/**
 * SHA-256 of the school's salt and the token, in hexadecimal.
 * @param {string} saltHex
 * @param {string} text
 * @returns {Promise<string>}
 */
export async function cardHash(saltHex, text) {
  const salt = Uint8Array.from(saltHex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  const characters = new TextEncoder().encode(text);
  const bytes = new Uint8Array(salt.length + characters.length);
  bytes.set(salt);
  bytes.set(characters, salt.length);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * What a scan says. A code that is none of ours is kept by its hash as well: unknown codes are recorded, never dropped.
 * A student code that begins with another school's code names that school.
 * @param {string} text
 * @param {{ salt: string, school: string, schools: { code: string, name: string }[] }} roster
 * @returns {Promise<Reading>}
 */
export async function readCard(text, { salt, school, schools }) {
  const token = parseToken(text);
  const hash = await cardHash(salt, token ?? text);
  if (token) return { kind: "card", hash };
  const plain = text.trim();
  const other = schools.find((each) => each.code !== school && each.code.length >= 6 && plain.startsWith(each.code));
  return other && /^\d+$/.test(plain)
    ? { kind: "other_school", hash, school: other.name }
    : { kind: "unreadable", hash };
}
