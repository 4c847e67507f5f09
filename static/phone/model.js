/**
 * What the screens look at: the snapshot with this phone's own facts on top, the clock, and the one way to note a fact.
 */
import { registerBackgroundSync } from "./background.js";
import { Carrier } from "./carry.js";
import { Clock } from "./clock.js";
import { HandOver } from "./hand-over.js";
import { keptOf } from "./kept.js";
import { keepInTouch } from "./live.js";
import { sessionsOf } from "./nowcard.js";
import { isOpen, Outbox } from "./outbox.js";
import { Pictures } from "./pictures.js";
import { openRoster } from "./release.js";
import { forgetDue, planForgetting } from "./retention.js";
import { currentStates, keyOf } from "./state.js";
import { askToKeep } from "./storage.js";
import { forgetMeta, openStore, readMeta, writeMeta } from "./store.js";
import { alone, Sync } from "./sync.js";
import { notedBefore } from "./told.js";
import { Vault } from "./vault.js";

/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Fact} Fact */
/** @typedef {import("./types.js").Draft} Draft */
/** @typedef {{ drafts: Draft[], full: boolean }} Unkept facts that are not on the disk; `full`: no room is left */

/** The clock's offset is kept for the next start when it moved by more than this. */
const KEEP_OFFSET_MS = 200;

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
  /** What could not be kept: shown loudly until a person has dealt with it. @type {Unkept | null} */
  unkept = null;
  /** What the browser says about keeping. @type {import("./storage.js").Storage | null} */
  storage = null;
  #keptOffset = 0;
  /** @type {string | null} */
  #etag = null;
  /** @type {import("./vault.js").Kept | null} what the vault holds: `snapshot` before its sealed roster was opened */
  #kept = null;
  #closing = false;
  /** @type {import("./vault.js").Reason | null} why the names are not here */
  wiped = null;
  /** @type {import("./vault.js").Ticket} the vault as it was when the snapshot was asked for */
  #asked = { generation: 0, who: null };

  /** @param {IDBDatabase} db @param {Carrier} carrier @param {Pictures} pictures */
  constructor(db, carrier, pictures) {
    this.db = db;
    this.carrier = carrier;
    this.pictures = pictures;
    this.handOver = new HandOver(db);
    this.outbox = new Outbox(db);
    this.vault = new Vault(db);
    this.tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("fieldops");
    this.sync = new Sync({
      outbox: this.outbox,
      clock: this.clock,
      keepSnapshot: (snapshot, etag) => this.#keep(snapshot, etag),
      sender: () => ({
        person: this.snapshot?.person.id ?? "",
        device: this.snapshot?.device.id ?? "",
        window: this.snapshot?.window.code ?? "",
      }),
      changed: () => void this.#reload(),
      etag: () => {
        this.#asked = this.vault.ticket();
        return this.#etag;
      },
      kept: (sending) => keptOf(this.facts, this.snapshot?.device.id ?? "", sending, this.clock.offsetMs()),
      signedOut: () => this.wipe("signed-out"),
      fetch: (url, init) => fetch(url, init),
      alone,
    });
  }

  static async open() {
    const pictures = await Pictures.open({ clock: { mono: () => performance.now() } });
    const model = new Model(await openStore(), await Carrier.open(), pictures);
    await model.handOver.load();
    model.clock.keep((await readMeta(model.db, "offset_ms")) ?? null);
    await model.#moveIn();
    await model.#open();
    await model.closeByClock();
    await model.#forget();
    model.facts = await model.outbox.all();
    model.#fold();
    model.tabs?.addEventListener("message", ({ data }) => {
      void model.#reload({ tell: false, open: data !== "facts" });
    });
    model.#watchSignIn();
    return model;
  }

  /** Begins to talk to the server. */
  connect() {
    const seq = () => this.snapshot?.seq ?? 0;
    keepInTouch(this.sync, { waiting: () => this.waiting, seq, clock: this.clock });
    void askToKeep().then((storage) => {
      this.storage = storage;
      this.#tell();
    });
    let heard = 0;
    this.watch(() => {
      const at = this.sync.health.answeredMono ?? 0;
      if (at === heard) return;
      heard = at;
      void this.carrier.sendAll();
      this.#sendPictures();
    });
  }

  /** Those of who is signed in: nobody's pictures go in another's name. */
  #sendPictures() {
    const { snapshot } = this;
    if (!snapshot) return;
    const mine = this.facts.filter(
      (fact) =>
        fact.state !== "received" || (fact.person === snapshot.person.id && fact.window === snapshot.window.code),
    );
    const others = this.facts.filter((fact) => !mine.includes(fact)).map((fact) => ({ ...fact, state: "waiting" }));
    const facts = /** @type {Fact[]} */ ([...mine, ...others]);
    void this.pictures.sendAll(facts, snapshot.server_epoch, () => this.#tell());
  }

  /** @returns {number} facts that no answer of the server has named yet */
  get waiting() {
    return this.facts.filter((fact) => isOpen(fact) && !fact.refused).length;
  }

  /** @returns {Fact[]} facts that a person has to look at */
  get setAside() {
    return this.facts.filter((fact) => fact.state === "quarantined" || (isOpen(fact) && fact.refused));
  }

  /** Check-ins of this phone that another one had noted first. */
  get notedBefore() {
    return this.snapshot ? notedBefore(this.snapshot, this.current, this.facts) : [];
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
    // When it happened stays true, also when it can only be kept at a second try.
    const nowMs = this.clock.now();
    const timed = drafts.map((draft) => ({ occurredMs: nowMs, ...draft }));
    /** @type {Fact[]} */
    let facts;
    try {
      facts = await this.outbox.add(timed, origin, this.clock);
    } catch (error) {
      const full = error instanceof DOMException && error.name === "QuotaExceededError";
      this.unkept = { drafts: [...(this.unkept?.drafts ?? []), ...timed], full };
      this.#tell();
      throw error;
    }
    this.facts = [...this.facts, ...facts];
    this.#fold();
    this.#tell();
    this.tabs?.postMessage("facts");
    void this.sync.run({ force: true });
    void registerBackgroundSync();
    return facts;
  }

  /** Tries once more to keep what could not be kept. */
  async keepAgain() {
    const drafts = this.unkept?.drafts ?? [];
    this.unkept = null;
    await this.note(...drafts).catch(() => undefined);
  }

  /** Somebody wrote it on paper. */
  onPaper() {
    this.unkept = null;
    this.#tell();
  }

  /** Whether the phone's own clock stands wrong, so that its times are corrected, or cannot be vouched for now. */
  /** @returns {"right" | "off" | "unsure"} */
  get clockState() {
    const { clock, snapshot } = this;
    if (clock.source() === "wall") return "right";
    if (clock.unsure()) return "unsure";
    const limitMs = (snapshot?.policies.clock_off_s?.value ?? 120) * 1000;
    // A rehearsal's clock is off on purpose.
    return snapshot?.window.mode === "real" && Math.abs(clock.offsetMs()) > limitMs ? "off" : "right";
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
   * The names go from the disk, from memory and from the screens of all tabs; the facts stay.
   * @param {import("./vault.js").Reason} reason
   */
  async wipe(reason) {
    if (!this.snapshot && this.wiped === reason) return;
    await this.vault.wipe(reason);
    await this.pictures.forgetTaken();
    await this.#reload({ open: true });
    this.tabs?.postMessage("snapshot");
  }

  /**
   * @param {Snapshot} told
   * @param {string | null} etag
   */
  async #keep(told, etag) {
    const snapshot = await this.handOver.takeKey(told);
    const first = !this.snapshot;
    if (this.#namesGoWith(snapshot)) {
      await this.vault.wipe("day-closed");
      await this.pictures.forgetTaken();
      this.#asked = this.vault.ticket();
    }
    // A code that was keyed in opens what comes sealed under the same key until the release.
    const code = snapshot.sealed_roster ? (this.#kept?.code ?? null) : null;
    const kept = await this.vault.put({ snapshot, etag, code }, this.#asked);
    if (kept) await writeMeta(this.db, { offset_ms: this.clock.offsetMs() });
    await planForgetting(this.db, snapshot);
    await this.#forget();
    await this.#reload({ open: true });
    this.tabs?.postMessage("snapshot");
    // Facts of this person that waited for the sign-in go now; what came too late is asked for again.
    if (!kept || (first && this.waiting > 0)) void this.sync.run({ force: true });
  }

  /**
   * Whether a snapshot takes the names away: the day was closed, or the lock was set. The key goes with them.
   * @param {Snapshot} next
   */
  #namesGoWith(next) {
    const now = this.snapshot;
    if (!now || now.students.length === 0 || next.students.length > 0 || next.person.id !== now.person.id) return false;
    return next.sealed_roster === null || next.sealed_roster?.kid !== this.#kept?.snapshot.sealed_roster?.kid;
  }

  /**
   * Opens the roster that lies here sealed. Needs no network.
   * @param {string} code whole and checked (`parseCode`)
   * @returns {Promise<boolean>} false when it is the code of another school or day
   */
  async release(code) {
    const kept = this.#kept;
    const sealed = kept?.snapshot.sealed_roster;
    if (!kept || !sealed || !(await openRoster(sealed, code))) return false;
    await this.vault.put({ ...kept, code }, this.vault.ticket());
    await this.#reload({ open: true });
    this.tabs?.postMessage("snapshot");
    return true;
  }

  /**
   * The last day closes on the phone by itself too, when its time has come and no network says so. An earlier day does
   * not: a school without a network would have no list on the next morning.
   */
  async closeByClock() {
    const kept = this.#kept;
    const day = this.snapshot?.day;
    if (!kept || !day?.last || day.state === "closed" || this.#closing) return;
    if (this.clock.source() === "wall" || this.clock.now() < Date.parse(day.closes_at)) return;
    this.#closing = true;
    const closed = { ...day, state: /** @type {const} */ ("closed"), closed_at: day.closes_at };
    const rest = { students: [], foreign_cards: {}, sealed_roster: null };
    const days = [...(kept.snapshot.closed_days ?? []), { date: day.date, closed_at: day.closes_at }];
    const snapshot = { ...kept.snapshot, ...rest, day: closed, closed_days: days };
    await this.vault.wipe("day-closed");
    await this.pictures.forgetTaken();
    await this.vault.put({ snapshot, etag: null, code: null }, this.vault.ticket());
    await planForgetting(this.db, snapshot);
    await this.#reload({ open: true });
    this.tabs?.postMessage("snapshot");
    this.#closing = false;
  }

  async #forget() {
    if (this.clock.source() !== "wall") await forgetDue(this.db, this.clock.now());
  }

  /** @param {{ tell?: boolean, open?: boolean }} [how] `open`: the vault may hold something else than before */
  async #reload({ tell = true, open = false } = {}) {
    if (open || !this.vault.current()) await this.#open();
    this.facts = await this.outbox.all();
    this.#fold();
    this.#tell();
    this.#keepOffset();
    if (tell) this.tabs?.postMessage("facts");
  }

  /** Takes what the vault holds; nothing, when it was wiped, here or by another tab or page. */
  async #open() {
    const kept = await this.vault.open();
    this.#kept = kept;
    this.snapshot = kept && (await opened(kept));
    this.#etag = kept?.etag ?? null;
    this.wiped = kept ? null : await this.vault.reason();
    if (this.wiped) await this.pictures.forgetTaken(); // signed out on another page, or before this start
    if (!kept) this.current = { attendance: new Map(), sittings: new Map() };
  }

  /** Earlier versions kept the snapshot in clear: it is sealed, or gone where nothing can be sealed. */
  async #moveIn() {
    const snapshot = /** @type {Snapshot | undefined} */ (await readMeta(this.db, "snapshot"));
    if (!snapshot) return;
    await this.vault.open();
    await this.vault.put({ snapshot, etag: null, code: null }, this.vault.ticket());
    await forgetMeta(this.db, "snapshot", "etag");
  }

  /** Whoever comes back to this page after somebody signed out on another one must not find the names still there. */
  #watchSignIn() {
    if (typeof document === "undefined") return;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.snapshot) void this.#reload({ tell: false, open: true });
    });
    window.addEventListener("pageshow", (event) => {
      if (event.persisted) void this.#reload({ tell: false, open: true });
    });
  }

  /** The offset changes with each better measurement, and when somebody sets the phone's clock. */
  #keepOffset() {
    const offsetMs = this.clock.offsetMs();
    if (this.clock.source() !== "synced" || Math.abs(offsetMs - this.#keptOffset) < KEEP_OFFSET_MS) return;
    this.#keptOffset = offsetMs;
    void writeMeta(this.db, { offset_ms: offsetMs }).catch(() => undefined);
  }

  #fold() {
    if (this.snapshot) this.current = currentStates(this.snapshot, this.facts);
  }

  #tell() {
    for (const watcher of this.#watchers) watcher();
  }
}

/**
 * The snapshot with its roster, when its code was keyed in.
 * @param {import("./vault.js").Kept} kept
 * @returns {Promise<Snapshot>}
 */
async function opened({ snapshot, code }) {
  const roster = snapshot.sealed_roster && code ? await openRoster(snapshot.sealed_roster, code) : null;
  return roster ? { ...snapshot, ...roster } : snapshot;
}
