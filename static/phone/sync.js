/**
 * Brings the outbox to the server and the server's state to the phone, behind everything else. It believes answers only:
 * `navigator.onLine` stays true with the server gone, and a captive portal answers 200 to everything.
 */

/** @typedef {import("./outbox.js").Outbox} Outbox */
/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").EventResult} EventResult */
/** @typedef {import("./types.js").Fact} Fact */
/**
 * @typedef {{ kind: "ours", json: any, epoch: string, serverTime: string, etag: string | null } | { kind: "unchanged" }
 *   | { kind: "unreadable" } | { kind: "none" }} Answer
 *   `unreadable`: the server refuses the request as it is; `none`: not our server's answer, or it is not well
 */
/**
 * @typedef {object} Health what the state line says
 * @property {number | null} answeredMono monotonic ms of the server's last own answer
 * @property {string | null} answeredAt its time by the window's clock, UTC ISO 8601
 * @property {boolean} signedOut the server no longer knows this device
 * @property {boolean} busy
 */
/**
 * @typedef {object} Deps
 * @property {Outbox} outbox
 * @property {Clock} clock
 * @property {(snapshot: Snapshot, etag: string | null) => Promise<void>} keepSnapshot
 * @property {() => { person: string, device: string }} sender who is signed in, on which device
 * @property {() => void} changed called when facts or health changed
 * @property {() => string | null} etag
 * @property {() => Promise<void>} [signedOut] our own server said that this device is no longer signed in
 * @property {typeof fetch} fetch
 * @property {<T>(work: () => Promise<T>) => Promise<T | null>} alone runs work unless another tab is at it; null then
 * @property {() => number} [random]
 */

const BATCH = 100;
const TIMEOUT_MS = 15_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

/** Nobody of ours answered: a captive portal, a proxy, a server that is not well, a device that was signed out. */
class NoAnswer extends Error {}

/**
 * Web Locks: one sync at a time across tabs. Browsers without them have one tab in practice; a second one does no harm,
 * because the server settles repeats by id.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T | null>}
 */
export async function alone(work) {
  if (!navigator.locks) return work();
  const done = await navigator.locks.request("fieldops-sync", { ifAvailable: true }, (lock) => (lock ? work() : null));
  return /** @type {T | null} */ (done);
}

export class Sync {
  /** @type {Health} */
  health = { answeredMono: null, answeredAt: null, signedOut: false, busy: false };
  #failures = 0;
  #notBefore = 0;
  #again = false;
  /** @type {string | null} */
  #epoch = null;

  /** @param {Deps} deps */
  constructor(deps) {
    this.deps = deps;
    this.random = deps.random ?? Math.random;
  }

  /**
   * Sends what waits, then refreshes the snapshot.
   * @param {{ force?: boolean, refresh?: boolean }} [how] `force`: a person or a new fact asks, so no back-off holds it;
   *   `refresh`: fetch the snapshot even when nothing was sent
   * @returns {Promise<boolean>} whether the server answered
   */
  async run({ force = false, refresh = true } = {}) {
    if (this.health.busy) {
      // Noted while a batch is under way: it goes right after, not with the next timer.
      this.#again = true;
      return false;
    }
    if (!force && this.deps.clock.mono() < this.#notBefore) return false;
    this.health.busy = true;
    this.deps.changed();
    let answered = false;
    try {
      do {
        this.#again = false;
        answered = (await this.deps.alone(() => this.#once(refresh))) ?? false;
      } while (this.#again && answered);
    } finally {
      this.health.busy = false;
      this.deps.changed();
    }
    return answered;
  }

  /** @param {boolean} refresh */
  async #once(refresh) {
    try {
      const sent = await this.#send();
      const fresh = !refresh || (await this.refresh());
      if (!sent || !fresh) return this.#failed();
      this.#failures = 0;
      this.#notBefore = 0;
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
  async #send() {
    const { outbox, sender } = this.deps;
    const { person, device } = sender();
    let all = true;
    /** @type {Fact | undefined} */
    let last;
    for (;;) {
      const facts = await outbox.take(person, BATCH, last);
      last = facts.at(-1);
      if (!last) return all;
      // A phone that was bound anew has another id; what the same person noted before goes under the one of now.
      all = (await this.#offer(device, facts)) && all;
    }
  }

  /**
   * Sends one batch. When the server cannot read it as a whole, its halves go alone, so that one bad fact never holds
   * back those behind it; the bad one stays in the outbox for a person to see.
   * @param {string} device
   * @param {Fact[]} facts
   * @returns {Promise<boolean>} whether all of them were settled
   */
  async #offer(device, facts) {
    const { outbox, clock, changed } = this.deps;
    const answer = await this.#call("/api/v1/events", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        device,
        sent_at: new Date(clock.now()).toISOString(),
        events: facts.map((fact) => fact.event),
      }),
    });
    if (answer.kind === "unreadable" && facts.length > 1) {
      const middle = Math.ceil(facts.length / 2);
      const first = await this.#offer(device, facts.slice(0, middle));
      return (await this.#offer(device, facts.slice(middle))) && first;
    }
    if (answer.kind === "unreadable") return false;
    if (answer.kind !== "ours") throw new NoAnswer();
    const results = resultsOf(answer.json, facts);
    const settled = await outbox.settle(results, { epoch: answer.epoch, at: answer.serverTime });
    changed();
    return settled === facts.length;
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
   * One request. Only JSON that carries our server's time and epoch is its answer.
   * @param {string} url
   * @param {{ method?: string, headers: Record<string, string>, body?: string }} init
   * @returns {Promise<Answer>}
   */
  async #call(url, init) {
    const { clock, outbox } = this.deps;
    const cut = new AbortController();
    const timer = setTimeout(() => cut.abort(), TIMEOUT_MS);
    try {
      const left = clock.mono();
      const response = await this.deps.fetch(url, {
        ...init,
        headers: { Accept: "application/json", ...init.headers },
        credentials: "same-origin",
        redirect: "error",
        cache: "no-store",
        signal: cut.signal,
      });
      const back = clock.mono();
      if (response.status === 304) {
        clock.sync(response.headers.get("X-Fieldops-Time") ?? "", left, back);
        this.#heard(back);
        return { kind: "unchanged" };
      }
      const type = response.headers.get("Content-Type") ?? "";
      if (response.status === 401 && (await saysSignedOut(response, type))) {
        this.health.signedOut = true;
        await this.deps.signedOut?.();
      }
      if ([400, 413, 415, 422].includes(response.status) && type.includes("json")) return { kind: "unreadable" };
      if (!response.ok || !type.includes("json")) return { kind: "none" };
      const json = await response.json();
      const serverTime = json?.server_time;
      const epoch = json?.server_epoch;
      if (typeof serverTime !== "string" || typeof epoch !== "string") return { kind: "none" };
      clock.sync(serverTime, left, back);
      this.health.signedOut = false;
      this.#heard(back);
      if (epoch !== this.#epoch && (await outbox.offerAgain(epoch)) > 0) this.#again = true;
      this.#epoch = epoch;
      return { kind: "ours", json, epoch, serverTime, etag: response.headers.get("ETag") };
    } finally {
      clearTimeout(timer);
    }
  }

  /** @param {number} mono */
  #heard(mono) {
    this.health.answeredMono = mono;
    this.health.answeredAt = new Date(this.deps.clock.now()).toISOString();
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
 * Whether a 401 is our own server's word: names are wiped by it, so a proxy's or a captive portal's is not believed.
 * @param {Response} response
 * @param {string} type
 */
async function saysSignedOut(response, type) {
  if (!type.startsWith("application/problem+json")) return false;
  try {
    return (await response.json())?.type === "urn:fieldops:problem:sign-in-needed";
  } catch {
    return false;
  }
}

/**
 * @param {unknown} value
 * @returns {value is Snapshot}
 */
function isSnapshot(value) {
  const snapshot = /** @type {Partial<Snapshot> | null} */ (value);
  return Boolean(snapshot?.window && snapshot.person && Array.isArray(snapshot.sessions) && snapshot.states);
}
