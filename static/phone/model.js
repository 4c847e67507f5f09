/**
 * What the screens look at: the snapshot with this phone's own facts on top, the clock, and the one way to note a fact.
 */
import { Clock } from "./clock.js";
import { keepInTouch } from "./live.js";
import { sessionsOf } from "./nowcard.js";
import { isOpen, Outbox } from "./outbox.js";
import { currentStates, keyOf } from "./state.js";
import { openStore, readMeta, writeMeta } from "./store.js";
import { alone, Sync } from "./sync.js";

/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Fact} Fact */
/** @typedef {import("./types.js").Draft} Draft */

export class Model {
  /** @type {Snapshot | null} */
  snapshot = null;
  /** @type {Fact[]} */
  facts = [];
  /** @type {import("./state.js").Current} */
  current = { attendance: new Map(), sittings: new Map() };
  clock = new Clock();
  /** @type {Set<() => void>} */
  #watchers = new Set();
  /** @type {string | null} */
  #etag = null;

  /** @param {IDBDatabase} db */
  constructor(db) {
    this.db = db;
    this.outbox = new Outbox(db);
    this.tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("fieldops");
    this.sync = new Sync({
      outbox: this.outbox,
      clock: this.clock,
      keepSnapshot: (snapshot, etag) => this.#keep(snapshot, etag),
      sender: () => ({ person: this.snapshot?.person.id ?? "", device: this.snapshot?.device.id ?? "" }),
      changed: () => void this.#reload(),
      etag: () => this.#etag,
      fetch: (url, init) => fetch(url, init),
      alone,
    });
  }

  static async open() {
    const model = new Model(await openStore());
    model.snapshot = (await readMeta(model.db, "snapshot")) ?? null;
    model.#etag = (await readMeta(model.db, "etag")) ?? null;
    model.clock.keep((await readMeta(model.db, "offset_ms")) ?? null);
    model.facts = await model.outbox.all();
    model.#fold();
    model.tabs?.addEventListener("message", () => void model.#reload(false));
    return model;
  }

  /** Begins to talk to the server. */
  connect() {
    keepInTouch(this.sync, { waiting: () => this.waiting, seq: () => this.snapshot?.seq ?? 0 });
  }

  /** @returns {number} facts that no answer of the server has named yet */
  get waiting() {
    return this.facts.filter(isOpen).length;
  }

  /** @returns {Fact[]} facts that a person has to look at */
  get setAside() {
    return this.facts.filter((fact) => fact.state === "quarantined");
  }

  /** @returns {string} */
  get zone() {
    return this.snapshot?.school?.timezone ?? "Asia/Shanghai";
  }

  /**
   * Whether any duty here gives the right. The server decides; this only keeps screens free of buttons that cannot work.
   * @param {string} action
   */
  may = (action) => Boolean(this.snapshot?.duties.some((duty) => duty.actions.includes(action)));

  /** @param {string} room */
  sessions(room) {
    return this.snapshot ? sessionsOf(this.snapshot, room) : [];
  }

  /** @param {string} session @param {string} room */
  sitting(session, room) {
    return this.current.sittings.get(keyOf(session, room));
  }

  /**
   * Notes facts: when this returns they are on the disk, and everything shown counts them in. Sending goes on behind.
   * @param {...Draft} drafts
   * @returns {Promise<Fact[]>}
   */
  async note(...drafts) {
    const { snapshot } = this;
    if (!snapshot?.school) throw new Error("no school to note anything in");
    const origin = {
      device: snapshot.device.id,
      window: snapshot.window.code,
      school: snapshot.school.code,
      person: snapshot.person.id,
      by: snapshot.person.name,
    };
    const facts = await this.outbox.add(drafts, origin, this.clock);
    this.facts = [...this.facts, ...facts];
    this.#fold();
    this.#tell();
    this.tabs?.postMessage("facts");
    void this.sync.run({ force: true });
    return facts;
  }

  /**
   * @param {() => void} watcher called after each change
   * @returns {() => void} ends it
   */
  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /**
   * @param {Snapshot} snapshot
   * @param {string | null} etag
   */
  async #keep(snapshot, etag) {
    await writeMeta(this.db, { snapshot, etag, offset_ms: this.clock.offsetMs() });
    this.snapshot = snapshot;
    this.#etag = etag;
    await this.#reload();
  }

  async #reload(tellOthers = true) {
    if (!tellOthers) this.snapshot = (await readMeta(this.db, "snapshot")) ?? this.snapshot;
    this.facts = await this.outbox.all();
    this.#fold();
    this.#tell();
    if (tellOthers) this.tabs?.postMessage("facts");
  }

  #fold() {
    if (this.snapshot) this.current = currentStates(this.snapshot, this.facts);
  }

  #tell() {
    for (const watcher of this.#watchers) watcher();
  }
}
