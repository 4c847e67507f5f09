/**
 * Opens a roster that was delivered before its time: the release code, read out over the telephone on the morning, gives
 * the key; no network and no clock are asked. The same rules as fieldops/roster/release.py.
 */
import { checkCharacter } from "./card.js";

/** @typedef {import("./types.js").SealedRoster} SealedRoster */
/** @typedef {Pick<import("./types.js").Snapshot, "students" | "foreign_cards">} Roster */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 16;
const MISREAD = /** @type {Record<string, string>} */ ({ O: "0", I: "1", L: "1" });
const text = new TextEncoder();

/**
 * What was typed so far, as the code is written: letters large, misread ones put right, nothing else in it.
 * @param {string} typed
 */
export const tidy = (typed) =>
  typed
    .toUpperCase()
    .replace(/[\s-]/g, "")
    .replace(/[OIL]/g, (character) => MISREAD[character] ?? character);

/** @param {string} code */
export const grouped = (code) => tidy(code).replace(/(.{4})(?=.)/g, "$1 ");

/**
 * @param {string} typed
 * @returns {{ code: string } | { problem: "length" | "character" | "check" }} `check`: a character is wrong or swapped
 */
export function parseCode(typed) {
  const code = tidy(typed);
  const body = code.slice(0, LENGTH);
  if ([...code].some((character) => !ALPHABET.includes(character))) return { problem: "character" };
  if (code.length !== LENGTH + 1) return { problem: "length" };
  return code[LENGTH] === checkCharacter(body) ? { code } : { problem: "check" };
}

/**
 * @param {string} code
 * @param {string} purpose
 * @param {number} bytes
 */
async function derive(code, purpose, bytes) {
  const source = await crypto.subtle.importKey("raw", text.encode(code.slice(0, LENGTH)), "HKDF", false, [
    "deriveBits",
  ]);
  const how = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: text.encode(purpose) };
  return crypto.subtle.deriveBits(how, source, bytes * 8);
}

/**
 * Names the key that follows from a code.
 * @param {string} code
 */
export async function kidOf(code) {
  const bits = new Uint8Array(await derive(code, "fieldops roster kid", 6));
  return Array.from(bits, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {SealedRoster} sealed
 * @param {string} code whole and checked (`parseCode`)
 * @returns {Promise<Roster | null>} null when the code is of another school or day
 */
export async function openRoster(sealed, code) {
  if ((await kidOf(code)) !== sealed.kid) return null;
  const bits = await derive(code, "fieldops roster key", 32);
  const key = await crypto.subtle.importKey("raw", bits, "AES-GCM", false, ["decrypt"]);
  const how = { name: "AES-GCM", iv: bytesOf(sealed.iv), additionalData: text.encode(sealed.kid) };
  try {
    const plain = await crypto.subtle.decrypt(how, key, bytesOf(sealed.ciphertext));
    return JSON.parse(new TextDecoder().decode(plain));
  } catch {
    return null; // damaged on its way: the next answer of the server brings it again
  }
}

/** @param {string} base64 */
const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
