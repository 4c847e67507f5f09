/**
 * Brings the outbox to the server and the server's state to the phone, behind everything else. It believes answers only:
 * `navigator.onLine` stays true with the server gone, and a captive portal answers 200 to everything.
 */
import { call } from "./answers.js";

/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").EventResult} EventResult */
/** @typedef {import("./types.js").Fact} Fact */
/** @typedef {import("./answers.js").Answer} Answer */
/**
 * @typedef {object} Health what the state line says
 * @property {number | null} answeredMono monotonic ms of the server's last own answer
 * @property {string | null} answeredAt its time by the window's clock, UTC ISO 8601
 * @property {boolean} signedOut the server no longer knows this device
 * @property {string | null} closed why it takes nothing in now though it is well: `no-open-window`, `other-window`,
 *   `which-county` (a duty above the schools)
 * @property {boolean} busy
 */
/** @typedef {{ force: boolean, refresh: boolean, person: boolean }} Wish */
/**
 * @typedef {object} Deps
 * @property {Outbox} outbox
 * @property {Clock} clock
 * @property {(snapshot: Snapshot, etag: string | null) => Promise<void>} keepSnapshot
 * @property {() => { person: string, device: string, window: string }} sender who is signed in, on which device
 * @property {() => void} changed called when facts or health changed
 * @property {() => string | null} etag
 * @property {() => Promise<void>} [signedOut] our own server said that this device is no longer signed in
 * @property {typeof fetch} fetch
 * @property {<T>(work: () => Promise<T>, wait: boolean) => Promise<T | null>} alone runs work unless another tab is at
 *   it, and null then; with `wait`, after the other tab
 * @property {(sending: Fact[]) => object} [kept] what this phone keeps, without the facts that are being sent: goes along with them
 * @property {() => number} [random]
 */

const BATCH = 100;
/** On a network that cuts every longer answer, small batches come through. */
const SMALLEST_BATCH = 5;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;
/** A batch that breaks the server so often in a row is taken apart to find the fact that does it. */
const BREAKS_BEFORE_SPLIT = 2;
/** So many parts that all break it mean that the server is ill, and no fact is at fault: 100 halved to one is eight. */
const BREAKS_IN_A_ROW = 9;
/** Facts that the server refused are tried again when the app starts and when a person asks, so many at a time. */
const REFUSED_AT_ONCE = 20;
/** A phone that has nothing to send says so to the chief monitor's list this often. */
const REPORT_EVERY_MS = 300_000;
/** Our server is well, and yet takes nothing from this person now. */
const CLOSED = new Set(["no-open-window", "other-window", "which-county"]);
const LOCK = "fieldops-sync";
/** A tab that sleeps may hold the lock for good. Sending without it does no harm: repeats are settled by id. */
const LOCK_WAIT_MS = 20_000;

/** Nobody of ours answered: a captive portal, a proxy, a server that is not well, a device that was signed out. */
class NoAnswer extends Error {}
/** What is known here of who sends is old (another sign-in, another window): to be fetched before anything is sent. */
class Stale extends Error {}

/**
 * Web Locks: one sync at a time across tabs. Browsers without them have one tab in practice; a second one does no harm,
 * because the server settles repeats by id.
 * @template T
 * @param {() => Promise<T>} work
 * @param {boolean} [wait] until the other tab is done, instead of leaving it to that one
 * @param {number} [patienceMs]
 * @returns {Promise<T | null>}
 */
export async function alone(work, wait = false, patienceMs = LOCK_WAIT_MS) {
  if (!navigator.locks) return work();
  if (!wait) {
    const done = await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? work() : null));
    return /** @type {T | null} */ (done);
  }
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), patienceMs);
  let begun = false;
  try {
    const done = await navigator.locks.request(LOCK, { signal: patience.signal }, () => {
      begun = true;
      clearTimeout(timer);
      return work();
    });
    return /** @type {T} */ (done);
  } catch (error) {
    if (begun) throw error;
    return work();
  } finally {
    clearTimeout(timer);
  }
}

export class Sync {
  /** @type {Health} */
  health = { answeredMono: null, answeredAt: null, signedOut: false, closed: null, busy: false };
  #reported = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #notBefore = 0;
  /** The server asked for quiet until then: only a person's own wish is stronger. */
  #quietUntil = 0;
  #again = false;
  /** What was asked for while a request was under way, and no back-off may hold. @type {Wish | null} */
  #wish = null;
  #size = BATCH;
  #broken = 0;
  #brokenInARow = 0;
  #well = false;
  /** Facts that broke the server, each alone, in this run. @type {Map<string, number>} */
  #breaking = new Map();
  #tryRefused = true;
  /** @type {string | null} */
  #epoch = null;

  /** @param {Deps} deps */
  constructor(deps) {
    this.deps = deps;
    this.random = deps.random ?? Math.random;
  }

  /**
   * Sends what waits, then refreshes the snapshot.
   * @param {{ force?: boolean, refresh?: boolean, person?: boolean }} [how] `force`: a new fact, a network or a screen
   *   that came back: no back-off holds it; `person`: somebody pressed the button, and not even the server's wish for
   *   quiet holds it; `refresh`: fetch the snapshot even when nothing was sent
   * @returns {Promise<boolean>} whether the server answered
   */
  async run({ force = false, refresh = true, person = false } = {}) {
    if (person) this.#tryRefused = true;
    if (this.health.busy) {
      // Noted while a batch is under way: it goes right after, not with the next timer.
      this.#again = true;
      if (force || person) this.#wish = { force, refresh, person: person || Boolean(this.#wish?.person) };
      return false;
    }
    const now = this.deps.clock.mono();
    if (!person && now < this.#quietUntil) return false;
    if (!person && !force && now < this.#notBefore) return false;
    this.health.busy = true;
    this.deps.changed();
    let answered = false;
    try {
      do {
        this.#again = false;
        this.#wish = null;
        // What was noted here goes at once, also when another tab is just done with its own: wait for it.
        answered = (await this.deps.alone(() => this.#once(refresh), force || person)) ?? false;
      } while (this.#again && answered);
    } finally {
      this.health.busy = false;
      this.deps.changed();
    }
    // The network came back while a request of before was dying: its failure holds up nobody's wish.
    return !answered && this.#wish ? this.run(this.#wish) : answered;
  }

  /** @param {boolean} refresh */
  async #once(refresh) {
    try {
      const sent = await this.#sendFresh();
      const fresh = !refresh || (await this.refresh());
      if (!sent || !fresh) return this.#failed();
      this.#failures = 0;
      this.#notBefore = 0;
      this.#size = Math.min(BATCH, this.#size * 2);
      return true;
    } catch {
      // No network, a cut reply, a time-out: the facts are where they were.
      return this.#failed();
    }
  }

  #failed() {
    const { clock } = this.deps;
    const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 10);
    // Full jitter: a county's phones that lost the same server must not come back in the same second.
    this.#notBefore = clock.mono() + ceiling * (0.5 + this.random() / 2);
    return false;
  }

  /** @returns {Promise<boolean>} false when something still waits */
  async #sendFresh() {
    try {
      // Times that are unsure are put right by an answer before they are said for good.
      // Without a sign-in's snapshot there is nobody to say them for, and its answer tells the time as well.
      if (this.deps.clock.unsure() && this.deps.sender().device) await this.#askTime();
      return await this.#send();
    } catch (error) {
      if (!(error instanceof Stale) || !(await this.refresh())) throw error;
      return this.#send();
    }
  }

  /** Nothing to send still tells the time, on the same way that the facts will go. */
  async #askTime() {
    const answer = await this.#post([]);
    if (answer.kind !== "ours") throw new NoAnswer();
  }

  /** @returns {Promise<boolean>} false when something still waits */
  async #send() {
    const { outbox, sender } = this.deps;
    let all = true;
    this.#brokenInARow = 0;
    this.#well = false;
    this.#breaking.clear();
    const before = this.#broken;
    const split = this.#broken >= BREAKS_BEFORE_SPLIT;
    /** @type {Fact | undefined} */
    let last;
    for (;;) {
      const facts = await outbox.take(sender(), this.#size, last);
      last = facts.at(-1);
      if (!last) break;
      all = (await this.#offer(facts, split)) && all;
    }
    // Others passed: then it is these facts, and not the server's day.
    if (this.#well) for (const [id, status] of this.#breaking) await outbox.refuse(id, status);
    if (this.#broken === before) this.#broken = 0;
    if (this.#tryRefused) await this.#offerRefused();
    const due = this.deps.clock.mono() - this.#reported > REPORT_EVERY_MS;
    // What it keeps is told now and then also when there is nothing to send: silence is then a silence.
    if (this.deps.kept && due && sender().device) await this.#post([]);
    return all;
  }

  /** Facts that the server did not understand, each alone: another version of it may. */
  async #offerRefused() {
    this.#tryRefused = false;
    const { outbox, sender } = this.deps;
    const { person, window } = sender();
    const refused = (await outbox.all()).filter(
      (fact) => fact.refused && fact.person === person && fact.window === window,
    );
    for (const fact of refused.slice(0, REFUSED_AT_ONCE)) await this.#offer([fact], true);
  }

  /**
   * Sends one batch. When the server cannot read it as a whole, its halves go alone, so that one bad fact never holds
   * back those behind it; the bad one stays in the outbox, apart, for a person to see.
   * @param {Fact[]} facts
   * @param {boolean} split whether a batch that breaks the server is taken apart too
   * @returns {Promise<boolean>} whether nothing of it waits for the next time
   */
  async #offer(facts, split) {
    const { outbox, changed } = this.deps;
    const answer = await this.#post(facts);
    if (answer.kind === "broken") {
      this.#broken += 1;
      this.#brokenInARow += 1;
    }
    if (answer.kind === "unreadable" || (answer.kind === "broken" && split)) {
      if (this.#brokenInARow >= BREAKS_IN_A_ROW) throw new NoAnswer();
      if (facts.length > 1) {
        const middle = Math.ceil(facts.length / 2);
        const first = await this.#offer(facts.slice(0, middle), split);
        return (await this.#offer(facts.slice(middle), split)) && first;
      }
      const [fact] = facts;
      if (fact && answer.kind === "broken") this.#breaking.set(fact.id, answer.status);
      else if (fact) await outbox.refuse(fact.id, answer.status);
      changed();
      return answer.kind === "unreadable";
    }
    if (answer.kind !== "ours") throw new NoAnswer();
    this.#brokenInARow = 0;
    this.#well = true;
    const results = resultsOf(answer.json, facts);
    const settled = await outbox.settle(results, { epoch: answer.epoch, at: answer.serverTime });
    if (settled < 0) this.#epoch = null; // another tab heard of another epoch: to be settled with the next answer
    changed();
    return settled === facts.length;
  }

  /**
   * @param {Fact[]} facts
   * @returns {Promise<Answer>}
   */
  async #post(facts) {
    const { clock, sender } = this.deps;
    const { device, window } = sender();
    const body = {
      device,
      window,
      sent_at: new Date(clock.now()).toISOString(),
      events: facts.map((fact) => fact.event),
      ...(this.deps.kept && { kept: this.deps.kept(facts) }),
    };
    const init = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    };
    try {
      const answer = await this.#call("/api/v1/events", init);
      if (answer.kind === "ours") this.#reported = clock.mono();
      return answer;
    } catch (error) {
      if (!(error instanceof Stale)) this.#size = Math.max(SMALLEST_BATCH, Math.floor(this.#size / 2));
      throw error;
    }
  }

  /**
   * The server's state of the school, unless it is what the phone has.
   * @returns {Promise<boolean>}
   */
  async refresh() {
    const { keepSnapshot, etag } = this.deps;
    const known = etag();
    const answer = await this.#call("/api/v1/snapshot", { headers: known ? { "If-None-Match": known } : {} });
    if (answer.kind === "unchanged") return true;
    if (answer.kind !== "ours" || !isSnapshot(answer.json)) return false;
    await keepSnapshot(answer.json, answer.etag);
    return true;
  }

  /**
   * One request, and what its answer says of the time, the epoch and the sign-in.
   * @param {string} url
   * @param {{ method?: string, headers: Record<string, string>, body?: string }} init
   * @returns {Promise<Answer>}
   */
  async #call(url, init) {
    const { clock, outbox } = this.deps;
    const answer = await call(this.deps.fetch, clock, url, init);
    if (answer.kind === "ours" || answer.kind === "unchanged") {
      clock.sync(answer.serverTime, answer.leftMono, answer.backMono);
      await outbox.correct(clock.takeFixes());
      this.health.signedOut = false;
      this.health.answeredMono = answer.backMono;
      this.health.answeredAt = new Date(clock.now()).toISOString();
    }
    if (answer.kind === "ours") {
      this.health.closed = null;
      this.#quietUntil = 0;
      if (answer.epoch !== this.#epoch && (await outbox.offerAgain(answer.epoch)) > 0) this.#again = true;
      this.#epoch = answer.epoch;
    }
    if (answer.kind === "none" || answer.kind === "broken") this.#quietUntil = clock.mono() + (answer.quietMs ?? 0);
    if (answer.kind === "none" && answer.slug === "sign-in-needed") {
      this.health.signedOut = true;
      await this.deps.signedOut?.();
    }
    if (answer.kind === "none" && answer.slug && CLOSED.has(answer.slug)) this.health.closed = answer.slug;
    if (answer.kind === "none" && (answer.slug === "other-device" || answer.slug === "other-window")) throw new Stale();
    return answer;
  }
}

/**
 * The results of an answer that are about facts just sent, and no others.
 * @param {unknown} json
 * @param {{ id: string }[]} facts
 * @returns {EventResult[]}
 */
export function resultsOf(json, facts) {
  const results = /** @type {{ results?: unknown } | null} */ (json)?.results;
  if (!Array.isArray(results)) return [];
  const sent = new Set(facts.map((fact) => fact.id));
  return results.filter((result) => result && typeof result === "object" && sent.has(result.id));
}

/**
 * @param {unknown} value
 * @returns {value is Snapshot}
 */
function isSnapshot(value) {
  const snapshot = /** @type {Partial<Snapshot> | null} */ (value);
  return Boolean(snapshot?.window && snapshot.person && Array.isArray(snapshot.sessions) && snapshot.states);
}
