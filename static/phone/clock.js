/**
 * The window's clock on a phone whose own clock cannot be trusted.
 *
 * The server says its time in each answer; half the round trip is added. From then on the monotonic clock counts, so a
 * wall clock that jumps or is set by hand changes nothing. A rehearsal ("it is 08:25 on day 1") is nothing but a large
 * offset.
 *
 * Two things the monotonic clock cannot know, and then the time is `unsure` until the server answers again:
 * - After a restart it has begun anew. The offset that was kept is added once to the wall clock, which somebody may have
 *   set while the app was closed; from there the monotonic clock counts.
 * - On many phones it stands still while the phone sleeps. A wall clock that gained on it was either set forward or went
 *   on through a sleep. While the page was out of sight it is taken for sleep, and counted in; a page that was seen all
 *   the time did not sleep. A wall clock that fell behind was set back: no doubt arises.
 * The next answer says by how much the time was wrong (`takeFixes`); facts noted meanwhile that have not left the phone
 * are put right by it (`outbox.correct`).
 */

/** A wall clock that moved against the monotonic one by more than this was set by somebody, or the phone slept. */
const STEP_MS = 2_000;
/** Nobody's phone sleeps longer than this with the page open: more is a date that was set. */
const LONGEST_SLEEP_MS = 36 * 3_600_000;
/** An older, closer measurement is preferred to a newer, vaguer one for so long. */
const BEST_FOR_MS = 600_000;

/** @typedef {{ atMs: number, monoMs: number, wallMs: number, rttMs: number, source: "synced" | "kept" | "wall" }} Base */
/** @typedef {{ era: string, steps: number }} Mark between which two answers a time was read, after how many doubts */
/** @typedef {Mark & { byMs: number, offsetMs: number }} Fix what to add to times of this mark; the offset as measured */

export class Clock {
  /** @type {Base} */
  #base;
  /** Sleep counted in, and what the wall clock gained or lost altogether, since `#base`. */
  #slept = 0;
  #moved = 0;
  #steps = 0;
  #away = false;
  #out = false;
  #era = 0;
  #run = Math.random().toString(36).slice(2);
  /** @type {Fix[]} */
  #fixes = [];

  /**
   * @param {{ wall?: () => number, mono?: () => number, keptOffsetMs?: number | null }} [deps]
   *   `keptOffsetMs`: the offset that an earlier run of the app measured.
   */
  constructor({ wall = () => Date.now(), mono = () => performance.now(), keptOffsetMs = null } = {}) {
    this.wall = wall;
    this.mono = mono;
    this.#base = { atMs: wall(), monoMs: mono(), wallMs: wall(), rttMs: Number.POSITIVE_INFINITY, source: "wall" };
    this.keep(keptOffsetMs);
  }

  /** @param {number | null} offsetMs offset measured by an earlier run of the app */
  keep(offsetMs) {
    if (offsetMs === null || this.#base.source === "synced") return;
    const wallMs = this.wall();
    this.#begin({ ...this.#base, atMs: wallMs + offsetMs, monoMs: this.mono(), wallMs, source: "kept" });
  }

  /** The page goes out of sight: the phone may sleep now. */
  away() {
    this.#look();
    this.#out = true;
    this.#away = true;
  }

  /** The page is seen again. */
  back() {
    this.#out = false;
    this.#look();
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
    const before = this.#base;
    const unsure = this.unsure();
    const expected = before.atMs + (gotMono - before.monoMs) + this.#slept;
    const atMs = said + rttMs / 2;
    if (before.source === "synced" && !unsure) {
      const young = gotMono - before.monoMs < BEST_FOR_MS;
      // A slow answer is vague by half its round trip. Within that it says nothing new about a close measurement.
      if (young && rttMs > before.rttMs && Math.abs(expected - atMs) <= (rttMs + before.rttMs) / 2 + 20) return false;
    }
    const wallMs = this.wall() - (this.mono() - gotMono);
    if (unsure) this.#fixes.push({ ...this.mark(), byMs: Math.round(atMs - expected), offsetMs: atMs - wallMs });
    this.#begin({ atMs, monoMs: gotMono, wallMs, rttMs, source: "synced" });
    return true;
  }

  /** @returns {number} Unix ms in the window's clock */
  now() {
    this.#look();
    return Math.round(this.#base.atMs + (this.mono() - this.#base.monoMs) + this.#slept);
  }

  /** @returns {number} what must be added to this phone's wall clock to get the window's clock, in ms */
  offsetMs() {
    return Math.round(this.now() - this.wall());
  }

  /** @returns {"synced" | "kept" | "wall"} where `now()` comes from */
  source() {
    return this.#base.source;
  }

  /** @returns {boolean} whether the time rests on a guess until the server answers */
  unsure() {
    this.#look();
    return this.#base.source === "kept" || this.#steps > 0;
  }

  /** @returns {Mark} what has to be kept beside a time that is unsure, so that it can be put right */
  mark() {
    this.#look();
    return { era: `${this.#run}/${this.#era}`, steps: this.#steps };
  }

  /** @returns {Fix[]} what the answers since the last call said about times that were unsure */
  takeFixes() {
    return this.#fixes.splice(0);
  }

  /** @returns {boolean} whether the wall clock was set, or the phone slept, since the server last answered */
  wallJumped() {
    this.#look();
    return this.#base.source !== "wall" && Math.abs(this.#moved) > STEP_MS;
  }

  /** @param {Base} base */
  #begin(base) {
    this.#base = base;
    this.#slept = 0;
    this.#moved = 0;
    this.#steps = 0;
    this.#era += 1;
  }

  /** Compares the two clocks, and decides what a difference that is new means. */
  #look() {
    const gained = this.wall() - this.#base.wallMs - (this.mono() - this.#base.monoMs) - this.#moved;
    if (Math.abs(gained) > STEP_MS) {
      this.#moved += gained;
      if (gained > 0) this.#steps += 1;
      if (this.#away && gained > 0 && gained <= LONGEST_SLEEP_MS) this.#slept += gained;
    }
    this.#away = this.#out;
  }
}
