/**
 * The state of a sitting as ten digits to read over a telephone. The same as fieldops/testday/spoken.py, which says how
 * it is made; tests/vectors/spoken.json holds the two together. Pure.
 */
import { deviationMin } from "./sitting.js";

/** @typedef {{ present: number, absent: number, started: number | null, ended: number | null, incidents: boolean }} Said */
/** @typedef {{ school: string, room: string, session: string }} Place */

/** The largest number of students; it means "this many or more". */
export const MOST = 60;
export const EARLIEST_MIN = -20;
export const LATEST_MIN = 92;
const OPEN_STEP_MIN = 5;
const NUMBERS = MOST + 1;
const TIMES = LATEST_MIN - EARLIEST_MIN + 2;

/** @param {number} value @param {number} low @param {number} high */
const within = (value, low, high) => Math.max(low, Math.min(high, value));

/** @param {number | null} minutes */
const timeCode = (minutes) => (minutes === null ? 0 : within(minutes, EARLIEST_MIN, LATEST_MIN) - EARLIEST_MIN + 1);

/** @param {number} code */
const timeOf = (code) => (code === 0 ? null : code - 1 + EARLIEST_MIN);

/** @param {Iterable<number>} parts @param {number} base @param {number} rest */
function restOf(parts, base, rest) {
  let left = rest;
  for (const part of parts) left = (left * base + part) % 97;
  return left;
}

/**
 * ISO 7064 MOD 97-10 over the place and the data.
 * @param {string} data
 * @param {Place} place
 */
function check(data, { school, room, session }) {
  const rest = restOf(new TextEncoder().encode(`${school}/${room}/${session}`), 256, 0);
  return 98 - ((restOf([...data].map(Number), 10, rest) * 100) % 97);
}

/**
 * The ten digits. Numbers beyond their range become its last value.
 * @param {Said} said
 * @param {Place} place
 */
export function encode(said, place) {
  let number = within(said.present, 0, MOST);
  number = number * NUMBERS + within(said.absent, 0, MOST);
  number = number * TIMES + timeCode(said.started);
  number = number * TIMES + timeCode(said.ended);
  number = number * 2 + (said.incidents ? 1 : 0);
  const data = String(number).padStart(8, "0");
  return data + String(check(data, place)).padStart(2, "0");
}

/**
 * What the digits say about this sitting, or null when they say nothing here: misheard, or of another room.
 * @param {string} code
 * @param {Place} place
 * @returns {Said | null}
 */
export function decode(code, place) {
  const digits = code.replace(/[\s\-·]/g, "");
  if (!/^[0-9]{10}$/.test(digits)) return null;
  if (Number(digits.slice(8)) !== check(digits.slice(0, 8), place)) return null;
  let number = Number(digits.slice(0, 8));
  const take = (/** @type {number} */ radix) => {
    const part = number % radix;
    number = Math.floor(number / radix);
    return part;
  };
  const incidents = take(2) === 1;
  const ended = timeOf(take(TIMES));
  const started = timeOf(take(TIMES));
  const absent = take(NUMBERS);
  return number > MOST ? null : { present: number, absent, started, ended, incidents };
}

/**
 * The state of a sitting as a code can tell it.
 * @param {{ starts_at: string, ends_at: string | null }} session
 * @param {{ started_at: string | null, ended_at: string | null }} sitting
 * @param {{ present: number, absent: number }} counts
 * @param {boolean} incidents
 * @returns {Said}
 */
export function saidOf(session, sitting, { present, absent }, incidents) {
  const starts = Date.parse(session.starts_at);
  const started = sitting.started_at === null ? null : deviationMin(Date.parse(sitting.started_at), starts);
  /** @type {number | null} */
  let ended = null;
  if (sitting.ended_at !== null) {
    const at = Date.parse(sitting.ended_at);
    ended = session.ends_at
      ? deviationMin(at, Date.parse(session.ends_at))
      : EARLIEST_MIN + Math.floor(Math.max(0, deviationMin(at, starts)) / OPEN_STEP_MIN);
  }
  return { present, absent, started, ended, incidents };
}

/**
 * As it is read aloud.
 * @param {string} code
 */
export const grouped = (code) => `${code.slice(0, 3)} ${code.slice(3, 6)} ${code.slice(6)}`;
