// @ts-check
/**
 * When to sound: pure, so that a test can ask it without a browser.
 *
 * What nobody took on sounds every few seconds until somebody acts: not once, because once is missed. Quiet lasts two
 * minutes at most, and only for what was there when it was asked for: an incident that comes later ends it.
 */

export const EVERY_MS = 5_000;
export const QUIET_MS = 120_000;

/**
 * @typedef {object} Waiting  what the server says
 * @property {number} waiting  how many need this desk
 * @property {number} ringing  how many of them nobody took on
 * @property {number} newest  when the newest came, ms by the window's clock; 0 without
 */

/**
 * @typedef {object} Quiet
 * @property {number} until  ms by this device's clock
 * @property {number} newest  the newest that was there when quiet was asked for
 */

/**
 * Milliseconds of quiet that are left; 0 when it may sound.
 * @param {Quiet | null} quiet
 * @param {Waiting} heard
 * @param {number} now
 * @returns {number}
 */
export function quietFor(quiet, heard, now) {
  if (!quiet || heard.newest > quiet.newest) return 0;
  const left = quiet.until - now;
  // A device's clock that was set back must not make it longer.
  return left > 0 && left <= QUIET_MS ? left : 0;
}

/**
 * Whether to sound now.
 * @param {Waiting} heard
 * @param {{quiet: Quiet | null, lastAt: number, known: number}} state  `known`: the newest that was told of already
 * @param {number} now
 * @returns {boolean}
 */
export function sounds(heard, state, now) {
  if (quietFor(state.quiet, heard, now) > 0) return false;
  if (heard.newest > state.known) return true;
  // A clock that was set back must not silence it either.
  return heard.ringing > 0 && Math.abs(now - state.lastAt) >= EVERY_MS;
}
