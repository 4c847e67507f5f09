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
/** @typedef {{ device: string, window: string, school: string, person: string, by: string }} Origin who notes, on what */

/**
 * The event as it is sent. Its times are the phone's own clock, `offset_ms` corrects them to the window's.
 * @param {Draft} draft
 * @param {{ id: string, deviceSeq: number, school: string, nowMs: number, offsetMs: number }} given
 *   `nowMs`: the window's clock
 * @returns {WireEvent}
 */
export function wireEvent(draft, { id, deviceSeq, school, nowMs, offsetMs }) {
  return {
    id,
    device_seq: deviceSeq,
    kind: draft.kind,
    occurred_at: new Date((draft.occurredMs ?? nowMs) - offsetMs).toISOString(),
    recorded_at: new Date(nowMs - offsetMs).toISOString(),
    offset_ms: offsetMs,
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
   * @param {{ now: () => number, offsetMs: () => number }} clock
   * @returns {Promise<Fact[]>}
   */
  async add(drafts, origin, clock) {
    const nowMs = clock.now();
    const offsetMs = clock.offsetMs();
    const facts = await transact(this.db, ["facts", "meta"], "readwrite", (store, done) => {
      const counter = `device_seq/${origin.device}`;
      const read = store("meta").get(counter);
      read.onsuccess = () => {
        // The number is taken in the transaction that uses it: two tabs can never give the same one, and a gap that the
        // server sees is a fact that was lost, never one that was not made.
        let deviceSeq = typeof read.result === "number" ? read.result : 0;
        const made = drafts.map((draft) => {
          deviceSeq += 1;
          const id = uuid7();
          return factOf(wireEvent(draft, { id, deviceSeq, school: origin.school, nowMs, offsetMs }), origin);
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
   * somebody else noted on this phone wait until that person signs in again: nobody speaks in another's name.
   * @param {string} person id
   * @param {number} limit
   * @param {Fact} [after] the last one of the batch before
   * @returns {Promise<Fact[]>}
   */
  async take(person, limit, after) {
    const facts = await transact(this.db, ["facts"], "readwrite", (store, done) => {
      const range = after ? IDBKeyRange.lowerBound([after.device, after.device_seq], true) : null;
      const request = store("facts").index("order").getAll(range);
      request.onsuccess = () => {
        const open = /** @type {Fact[]} */ (request.result)
          .filter((fact) => isOpen(fact) && fact.person === person)
          .slice(0, limit);
        for (const fact of open) {
          fact.state = "unconfirmed";
          fact.attempts += 1;
          store("facts").put(fact);
        }
        done(open);
      };
    });
    return facts ?? [];
  }

  /**
   * Moves the facts that an answer names, and no others.
   * @param {EventResult[]} results
   * @param {{ epoch: string, at: string }} answer
   * @returns {Promise<number>} how many were settled
   */
  async settle(results, { epoch, at }) {
    const settled = await transact(this.db, ["facts"], "readwrite", (store, done) => {
      let count = 0;
      done(0);
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
            flags: Array.isArray(result.flags) ? result.flags : [],
            seq: typeof result.seq === "number" ? result.seq : null,
            epoch,
            received_at: at,
          });
        };
      }
    });
    return settled ?? 0;
  }

  /**
   * The server's data is another than the one that received our facts (restored from a backup): everything kept is
   * offered again. Facts that it still has are answered `duplicate`.
   * @param {string} epoch the one in force now
   * @returns {Promise<number>} how many are offered again
   */
  async offerAgain(epoch) {
    const offered = await transact(this.db, ["facts"], "readwrite", (store, done) => {
      let count = 0;
      done(0);
      const request = store("facts").openCursor();
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return;
        const fact = /** @type {Fact} */ (cursor.value);
        if (fact.epoch !== null && fact.epoch !== epoch) {
          count += 1;
          done(count);
          cursor.update({ ...fact, state: "waiting", epoch: null, seq: null, outcome: null });
        }
        cursor.continue();
      };
    });
    return offered ?? 0;
  }
}

/**
 * @param {WireEvent} event
 * @param {Origin} origin
 * @returns {Fact}
 */
const factOf = (event, origin) => ({
  id: event.id,
  device: origin.device,
  device_seq: event.device_seq,
  window: origin.window,
  person: origin.person,
  by: origin.by,
  state: "waiting",
  attempts: 0,
  outcome: null,
  flags: [],
  seq: null,
  epoch: null,
  received_at: null,
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
    case "conflict":
      return "received";
    case "quarantined":
      return "quarantined";
    default:
      return null;
  }
}
