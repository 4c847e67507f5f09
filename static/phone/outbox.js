/**
 * The outbox: every fact noted on this phone, kept whole from the tap until the day is closed. A fact is written here
 * before any verdict is shown, and only the server's own answer that names its id moves it to `received`.
 */
import { transact } from "./store.js";
import { uuid7 } from "./uuid7.js";

/** @typedef {import("./types.js").Fact} Fact */
/** @typedef {import("./types.js").FactState} FactState */
/** @typedef {import("./types.js").WireEvent} WireEvent */
/** @typedef {import("./types.js").Draft} Draft */
/** @typedef {import("./types.js").EventResult} EventResult */
/** @typedef {import("./clock.js").Fix} Fix */
/** @typedef {{ device: string, window: string, school: string, person: string, by: string }} Origin who notes, on what */

/**
 * The event as it is sent. Its times are the phone's own clock, `offset_ms` corrects them to the window's.
 * @param {Draft} draft
 * @param {{ id: string, device: string, deviceSeq: number, school: string, nowMs: number, offsetMs: number,
 *   unsure?: boolean }} given `nowMs`: the window's clock
 * @returns {WireEvent}
 */
export function wireEvent(draft, { id, device, deviceSeq, school, nowMs, offsetMs, unsure = false }) {
  return {
    id,
    device,
    device_seq: deviceSeq,
    kind: draft.kind,
    occurred_at: new Date((draft.occurredMs ?? nowMs) - offsetMs).toISOString(),
    recorded_at: new Date(nowMs - offsetMs).toISOString(),
    offset_ms: offsetMs,
    ...(unsure && { clock_unsure: true }),
    school,
    room: draft.room ?? null,
    session: draft.session ?? null,
    student: draft.student ?? null,
    data: draft.data ?? {},
  };
}

export class Outbox {
  /** @param {IDBDatabase} db */
  constructor(db) {
    this.db = db;
  }

  /**
   * Keeps facts. When the promise is fulfilled they are on the disk.
   * @param {Draft[]} drafts
   * @param {Origin} origin
   * @param {{ now: () => number, offsetMs: () => number, unsure: () => boolean, mark: () => import("./clock.js").Mark }} clock
   * @returns {Promise<Fact[]>}
   */
  async add(drafts, origin, clock) {
    const nowMs = clock.now();
    const offsetMs = clock.offsetMs();
    const unsure = clock.unsure();
    const mark = unsure ? clock.mark() : null;
    const facts = await transact(this.db, ["facts", "meta"], "readwrite", (store, done) => {
      const counter = `device_seq/${origin.device}`;
      const read = store("meta").get(counter);
      read.onsuccess = () => {
        // The number is taken in the transaction that uses it: two tabs can never give the same one, and a gap that the
        // server sees is a fact that was lost, never one that was not made.
        let deviceSeq = typeof read.result === "number" ? read.result : 0;
        const made = drafts.map((draft) => {
          deviceSeq += 1;
          const id = draft.id ?? uuid7();
          const given = { id, device: origin.device, deviceSeq, school: origin.school, nowMs, offsetMs, unsure };
          return factOf(wireEvent(draft, given), origin, mark);
        });
        for (const fact of made) store("facts").add(fact);
        store("meta").put(deviceSeq, counter);
        done(made);
      };
    });
    return facts ?? [];
  }

  /** @returns {Promise<Fact[]>} everything, in the order of noting */
  async all() {
    const facts = await transact(this.db, ["facts"], "readonly", (store, done) => {
      const request = store("facts").index("order").getAll();
      request.onsuccess = () => done(/** @type {Fact[]} */ (request.result));
    });
    return facts ?? [];
  }

  /**
   * The next facts to send, in the order of noting, and marks them: from here on the server may have them. Those that
   * somebody else noted on this phone wait until that person signs in again: nobody speaks in another's name. Those of
   * another window wait too: a rehearsal's facts never land in the real days. Those that the server refused wait apart.
   * @param {{ person: string, window: string }} sender
   * @param {number} limit
   * @param {Fact} [after] the last one of the batch before
   * @returns {Promise<Fact[]>}
   */
  async take(sender, limit, after) {
    try {
      return await this.#open("readwrite", sender, limit, after);
    } catch {
      // A full disk cannot keep the mark, but what is on it can still be sent, and that is what makes room.
      const facts = await this.#open("readonly", sender, limit, after);
      for (const fact of facts) this.#gone.add(fact.id);
      return facts;
    }
  }

  /** Facts that left while the disk could not note it: their bodies must not change any more. @type {Set<string>} */
  #gone = new Set();

  /**
   * @param {IDBTransactionMode} mode
   * @param {{ person: string, window: string }} sender
   * @param {number} limit
   * @param {Fact} [after]
   * @returns {Promise<Fact[]>}
   */
  async #open(mode, { person, window }, limit, after) {
    const facts = await transact(this.db, ["facts"], mode, (store, done) => {
      const range = after ? IDBKeyRange.lowerBound([after.device, after.device_seq], true) : null;
      const request = store("facts").index("order").getAll(range);
      request.onsuccess = () => {
        const open = /** @type {Fact[]} */ (request.result)
          .filter((fact) => isOpen(fact) && !fact.refused && fact.person === person && fact.window === window)
          .slice(0, limit);
        for (const fact of open) {
          fact.state = "unconfirmed";
          fact.attempts += 1;
          if (mode === "readwrite") store("facts").put(fact);
        }
        done(open);
      };
    });
    return facts ?? [];
  }

  /**
   * Moves the facts that an answer names, and no others. When another epoch is in force by now (another tab heard it),
   * the answer is of a life of the database that is over, and moves nothing.
   * @param {EventResult[]} results
   * @param {{ epoch: string, at: string }} answer
   * @returns {Promise<number>} how many were settled; -1 when the epoch is another
   */
  async settle(results, { epoch, at }) {
    const settled = await transact(this.db, ["facts", "meta"], "readwrite", (store, done) => {
      let count = 0;
      done(0);
      const inForce = store("meta").get("epoch");
      inForce.onsuccess = () => {
        if (typeof inForce.result === "string" && inForce.result !== epoch) return done(-1);
        for (const result of results) {
          const request = store("facts").get(result.id);
          request.onsuccess = () => {
            const fact = /** @type {Fact | undefined} */ (request.result);
            const state = stateAfter(result);
            if (!fact || !state) return;
            count += 1;
            done(count);
            store("facts").put({
              ...fact,
              state,
              outcome: result.outcome,
              reason: typeof result.reason === "string" ? result.reason : null,
              refused: null,
              mark: null,
              flags: Array.isArray(result.flags) ? result.flags : [],
              seq: typeof result.seq === "number" ? result.seq : null,
              epoch,
              received_at: at,
            });
          };
        }
      };
    });
    return settled ?? 0;
  }

  /**
   * The server's data is another than the one that received our facts (restored from a backup): everything kept is
   * offered again, also what it had set aside. Facts that it still has are answered `duplicate`. A decision that it did
   * not take stays as it is: the person was told, and has decided anew.
   * @param {string} epoch the one in force now
   * @returns {Promise<number>} how many are offered again
   */
  async offerAgain(epoch) {
    const offered = await transact(this.db, ["facts", "meta"], "readwrite", (store, done) => {
      let count = 0;
      done(0);
      store("meta").put(epoch, "epoch");
      const request = store("facts").openCursor();
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        const fact = /** @type {Fact} */ (cursor.value);
        if (fact.epoch !== null && fact.epoch !== epoch && !declined(fact)) {
          count += 1;
          done(count);
          cursor.update({ ...fact, state: "waiting", epoch: null, seq: null, outcome: null, reason: null });
        }
        cursor.continue();
      };
    });
    return offered ?? 0;
  }

  /**
   * The server does not understand this fact, sent alone: it waits apart, so that it holds back nothing, for a person to
   * see and for a later version to try.
   * @param {string} id
   * @param {number | null} status null: to be tried like any other again
   */
  async refuse(id, status) {
    await transact(this.db, ["facts"], "readwrite", (store) => {
      const request = store("facts").get(id);
      request.onsuccess = () => {
        const fact = /** @type {Fact | undefined} */ (request.result);
        if (fact && isOpen(fact)) store("facts").put({ ...fact, refused: status });
      };
    });
  }

  /**
   * Puts the times of facts right that were noted while the clock was unsure and have not left the phone. From the first
   * attempt on a fact's body never changes, because the server may have it.
   * @param {Fix[]} fixes
   * @returns {Promise<number>} how many
   */
  async correct(fixes) {
    if (fixes.length === 0) return 0;
    const corrected = await transact(this.db, ["facts"], "readwrite", (store, done) => {
      let count = 0;
      done(0);
      const request = store("facts").openCursor();
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        const fact = /** @type {Fact} */ (cursor.value);
        const right = fact.attempts === 0 && !this.#gone.has(fact.id) ? putRight(fact, fixes) : null;
        if (right) {
          count += 1;
          done(count);
          cursor.update(right);
        }
        cursor.continue();
      };
    });
    return corrected ?? 0;
  }
}

/** A time that an answer bears out to this is right. */
const SURE_MS = 2_000;

/**
 * @param {Fact} fact
 * @param {Fix[]} fixes
 * @returns {Fact | null} null when nothing is known better
 */
export function putRight(fact, fixes) {
  const { mark } = fact;
  if (!mark) return null;
  const fix = fixes.find((each) => each.era === mark.era);
  const { clock_unsure: _, ...event } = fact.event;
  const sure = { ...fact, mark: null, event };
  if (fix) {
    // Every doubt was there when it was noted: what the answer says of now held then too.
    if (fix.steps === mark.steps) {
      return { ...sure, event: { ...event, offset_ms: Math.round(event.offset_ms + fix.byMs) } };
    }
    return Math.abs(fix.byMs) <= SURE_MS ? sure : null;
  }
  // Noted by an earlier run of the app: right when the phone's clock stands to the server's as it was thought to.
  return fixes.some((each) => Math.abs(each.offsetMs - event.offset_ms) <= SURE_MS) ? sure : null;
}

/** @param {Fact} fact a decision that was answered and not taken */
export const declined = (fact) => fact.outcome === "conflict" && fact.reason !== "id_reused";

/**
 * @param {WireEvent} event
 * @param {Origin} origin
 * @param {import("./clock.js").Mark | null} mark
 * @returns {Fact}
 */
const factOf = (event, origin, mark) => ({
  id: event.id,
  device: origin.device,
  device_seq: event.device_seq,
  window: origin.window,
  person: origin.person,
  by: origin.by,
  state: "waiting",
  attempts: 0,
  outcome: null,
  reason: null,
  refused: null,
  flags: [],
  seq: null,
  epoch: null,
  received_at: null,
  mark,
  event,
});

/** @param {Fact} fact */
export const isOpen = (fact) => fact.state === "waiting" || fact.state === "unconfirmed";

/**
 * @param {EventResult} result
 * @returns {FactState | null} null for an outcome that this version does not know: the fact stays where it is
 */
function stateAfter(result) {
  switch (result.outcome) {
    case "accepted":
    case "duplicate":
      // Received is what has its number in the journal. Anything less is no answer of ours.
      return typeof result.seq === "number" ? "received" : null;
    case "conflict":
      return "received";
    case "quarantined":
      return "quarantined";
    default:
      return null;
  }
}
