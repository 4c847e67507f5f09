/**
 * The window's clock on a phone whose own clock cannot be trusted.
 *
 * The server says its time in each answer; half the round trip is added. From then on the monotonic clock counts, so a
 * wall clock that jumps or is set by hand changes nothing. After a restart the monotonic clock has begun anew: the
 * offset that was kept is added to the wall clock until the server answers again. A rehearsal ("it is 08:25 on day 1")
 * is nothing but a large offset.
 */

/** A wall clock that moved against the monotonic one by more than this was set by somebody. */
const JUMP_MS = 5_000;
/** An older, closer measurement is preferred to a newer, vaguer one for so long. */
const BEST_FOR_MS = 600_000;

/** @typedef {{ serverMs: number, monoMs: number, wallMs: number, rttMs: number }} Sample */

export class Clock {
  /** @type {Sample | null} */
  #sample = null;
  /** @type {number | null} */
  #keptOffset = null;

  /**
   * @param {{ wall?: () => number, mono?: () => number, keptOffsetMs?: number | null }} [deps]
   *   `keptOffsetMs`: the offset that an earlier run of the app measured.
   */
  constructor({ wall = () => Date.now(), mono = () => performance.now(), keptOffsetMs = null } = {}) {
    this.wall = wall;
    this.mono = mono;
    this.#keptOffset = keptOffsetMs;
  }

  /** @param {number | null} offsetMs offset measured by an earlier run of the app */
  keep(offsetMs) {
    this.#keptOffset = offsetMs;
  }

  /**
   * Takes an answer of the server as a measurement.
   * @param {string} serverTime UTC ISO 8601
   * @param {number} sentMono monotonic ms when the request left
   * @param {number} [gotMono] monotonic ms when the answer was there
   * @returns {boolean} whether the measurement was taken over
   */
  sync(serverTime, sentMono, gotMono = this.mono()) {
    const said = Date.parse(serverTime);
    const rttMs = gotMono - sentMono;
    if (!Number.isFinite(said) || rttMs < 0) return false;
    const sample = { serverMs: said + rttMs / 2, monoMs: gotMono, wallMs: this.wall(), rttMs };
    const old = this.#sample;
    if (old) {
      const expected = old.serverMs + (gotMono - old.monoMs);
      const apart = Math.abs(expected - sample.serverMs);
      const young = gotMono - old.monoMs < BEST_FOR_MS;
      // A slow answer is vague by half its round trip. Within that it says nothing new about a close measurement.
      if (young && rttMs > old.rttMs && apart <= (rttMs + old.rttMs) / 2 + 20) return false;
    }
    this.#sample = sample;
    this.#keptOffset = sample.serverMs - sample.wallMs;
    return true;
  }

  /** @returns {number} Unix ms in the window's clock */
  now() {
    const sample = this.#sample;
    if (sample) return Math.round(sample.serverMs + (this.mono() - sample.monoMs));
    return Math.round(this.wall() + (this.#keptOffset ?? 0));
  }

  /** @returns {number} what must be added to this phone's wall clock to get the window's clock, in ms */
  offsetMs() {
    return Math.round(this.now() - this.wall());
  }

  /** @returns {"synced" | "kept" | "wall"} where `now()` comes from */
  source() {
    if (this.#sample) return "synced";
    return this.#keptOffset === null ? "wall" : "kept";
  }

  /** @returns {boolean} whether somebody set the wall clock since the server last answered */
  wallJumped() {
    const sample = this.#sample;
    if (!sample) return false;
    return Math.abs(this.wall() - sample.wallMs - (this.mono() - sample.monoMs)) > JUMP_MS;
  }
}
