/**
 * What this phone needs to hand its facts over: the key that the server gave it, and what was handed over when. A fact
 * that was handed over still waits: only the server's own answer says that it arrived.
 */
import { importKey, seal } from "./envelope.js";
import { isOpen } from "./outbox.js";
import { readMeta, writeMeta } from "./store.js";

/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Fact} Fact */
/** @typedef {{ device: string, person: string, key: CryptoKey }} KeptKey */

/** Facts in one envelope; what is left goes with the next one. */
export const MOST_FACTS = 1000;

export class HandOver {
  /** @type {KeptKey | null} */
  #kept = null;
  /** When a fact was handed over last, by id, Unix ms. @type {Record<string, number>} */
  marks = {};

  /** @param {IDBDatabase} db */
  constructor(db) {
    this.db = db;
  }

  async load() {
    this.#kept = (await readMeta(this.db, "hand_over_key")) ?? null;
    this.marks = (await readMeta(this.db, "handed_over")) ?? {};
  }

  /**
   * Keeps the key of a snapshot where no script can read it out; the snapshot itself is kept without it.
   * @param {Snapshot & { hand_over_key?: string }} snapshot
   * @returns {Promise<Snapshot>} without the key
   */
  async takeKey({ hand_over_key: text, ...snapshot }) {
    const { device, person } = snapshot;
    if (text && !(this.#kept?.device === device.id && this.#kept.person === person.id)) {
      const key = await importKey(text);
      if (key) {
        this.#kept = { device: device.id, person: person.id, key };
        await writeMeta(this.db, { hand_over_key: this.#kept });
      }
    }
    return snapshot;
  }

  /**
   * What this person noted and no answer has named yet.
   * @param {Snapshot} snapshot
   * @param {Fact[]} facts
   */
  open = (snapshot, facts) =>
    facts.filter(
      (fact) =>
        isOpen(fact) && !fact.refused && fact.person === snapshot.person.id && fact.window === snapshot.window.code,
    );

  /**
   * Of those that wait, how many were handed over, and when last.
   * @param {Snapshot} snapshot
   * @param {Fact[]} facts
   */
  state(snapshot, facts) {
    const open = this.open(snapshot, facts);
    const times = open.map((fact) => this.marks[fact.id] ?? 0).filter((at) => at > 0);
    return { open: open.length, handed: times.length, at: times.length > 0 ? Math.max(...times) : null };
  }

  /**
   * Seals facts that the outbox gave out to be sent (`Outbox.take`): from there on their bodies never change, so that the
   * server knows them as the same facts when the phone sends them itself.
   * @param {Snapshot} snapshot
   * @param {Fact[]} facts
   * @param {number} nowMs
   * @returns {Promise<Uint8Array<ArrayBuffer> | null>} null: this phone has no key
   */
  async seal(snapshot, facts, nowMs) {
    const { device, person, window } = snapshot;
    const kept = this.#kept;
    if (!kept || kept.device !== device.id || kept.person !== person.id) return null;
    const sentAt = new Date(nowMs).toISOString();
    const events = facts.map((fact) => fact.event);
    return seal({ key: kept.key, device: device.id, person: person.id, window: window.code, sentAt, events });
  }

  /**
   * @param {Fact[]} facts that were handed over now
   * @param {Fact[]} all what the outbox holds: what was received since is forgotten
   * @param {number} nowMs
   */
  async mark(facts, all, nowMs) {
    const open = new Set(all.filter(isOpen).map((fact) => fact.id));
    const before = Object.entries(this.marks).filter(([id]) => open.has(id));
    this.marks = Object.fromEntries([...before, ...facts.map((fact) => [fact.id, nowMs])]);
    await writeMeta(this.db, { handed_over: this.marks });
  }
}
