/**
 * Photos and files of incidents, in a store of their own: the fact that announces one goes by the outbox like any other,
 * and the bytes follow once the server has the fact, one after the other, never before a fact and never holding one up.
 */
import { call } from "./answers.js";
import { transact } from "./store.js";

/** @typedef {import("./types.js").Fact} Fact */
/**
 * @typedef {object} Picture
 * @property {string} id of the fact that announces it
 * @property {string} incident
 * @property {Uint8Array<ArrayBuffer>} bytes
 * @property {string} type media type
 * @property {number} at Unix ms by the phone's own clock: one without its fact goes after an hour
 * @property {"waiting" | "taken" | "refused"} state
 * @property {string | null} epoch of the server's answer that took it
 */

const STORE = "pictures";
/** Half a megabyte on a network of the year 2000 takes this long. */
const TIMEOUT_MS = 90_000;
const WITHOUT_FACT_MS = 3_600_000;
const LOCK = "fieldops-pictures";

/**
 * @param {string} [name]
 * @param {IDBFactory} [factory]
 * @returns {Promise<IDBDatabase>}
 */
function open(name = "fieldops-pictures", factory = indexedDB) {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class Pictures {
  /** State of each by the id of its fact. @type {Map<string, Picture["state"]>} */
  states = new Map();
  /** @type {Promise<void> | null} */
  #sending = null;

  /** @param {IDBDatabase} db @param {{ clock: { mono: () => number }, send: typeof fetch }} given */
  constructor(db, given) {
    this.db = db;
    this.given = given;
  }

  /** @param {{ clock: { mono: () => number }, name?: string, send?: typeof fetch }} given */
  static async open({ clock, name, send = (url, init) => fetch(url, init) }) {
    const pictures = new Pictures(await open(name), { clock, send });
    for (const picture of await pictures.all()) pictures.states.set(picture.id, picture.state);
    return pictures;
  }

  /** @returns {Promise<Picture[]>} the oldest first */
  async all() {
    /** @type {Picture[] | undefined} */
    const found = await transact(this.db, [STORE], "readonly", (store, done) => {
      const request = store(STORE).getAll();
      request.onsuccess = () => done(/** @type {Picture[]} */ (request.result));
    });
    return (found ?? []).sort((a, b) => a.at - b.at);
  }

  /**
   * Keeps pictures: when this returns they are on the disk. Their facts are noted after that.
   * @param {{ id: string, incident: string, bytes: Uint8Array<ArrayBuffer>, type: string }[]} pictures
   */
  async keep(pictures) {
    const at = Date.now();
    await transact(this.db, [STORE], "readwrite", (store) => {
      for (const picture of pictures) store(STORE).add({ ...picture, at, state: "waiting", epoch: null });
    });
    for (const { id } of pictures) this.states.set(id, "waiting");
  }

  /**
   * Brings to the server what it announced and does not have, and lets go what no fact speaks of any more.
   * @param {Fact[]} facts all of this phone
   * @param {string} epoch of the server now: another one may have lost what an earlier one took
   * @param {() => void} changed
   * @returns {Promise<void>}
   */
  sendAll(facts, epoch, changed) {
    this.#sending ??= alone(() => this.#sendAll(facts, epoch, changed)).finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  /** @param {Fact[]} facts @param {string} epoch @param {() => void} changed */
  async #sendAll(facts, epoch, changed) {
    if (this.states.size === 0) return;
    const known = new Map(facts.map((fact) => [fact.id, fact]));
    for (const picture of await this.all()) {
      const what = nextFor(picture, known.get(picture.id), epoch, Date.now());
      if (what === "forget") await this.#put(picture.id, null);
      if (what !== "send") continue;
      const heard = await this.#offer(picture).catch(() => "nobody");
      if (heard === "nobody") return; // the others wait as well
      if (heard === "later") continue; // our server: one picture's trouble is not the next one's
      await this.#put(picture.id, /** @type {Picture} */ (heard));
      changed();
    }
  }

  /** What the server has goes from the phone: the day is closed, or somebody signs out. */
  async forgetTaken() {
    for (const picture of this.states.size > 0 ? await this.all() : []) {
      if (picture.state === "taken") await this.#put(picture.id, null);
    }
  }

  /** @param {string} id @param {Picture | null} picture null: it goes */
  async #put(id, picture) {
    await transact(this.db, [STORE], "readwrite", (store) => {
      if (picture) store(STORE).put(picture);
      else store(STORE).delete(id);
    });
    if (picture) this.states.set(id, picture.state);
    else this.states.delete(id);
  }

  /**
   * @param {Picture} picture
   * @returns {Promise<Picture | "later" | "nobody">} as it is now; or our server answered, and nobody did
   */
  async #offer(picture) {
    const init = {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ content: base64(picture.bytes) }),
    };
    const { send, clock } = this.given;
    const answer = await call(send, clock, `/api/v1/attachments/${picture.id}`, init, TIMEOUT_MS);
    if (answer.kind === "ours" && answer.json.id === picture.id) {
      return { ...picture, state: "taken", epoch: answer.epoch };
    }
    const slug = answer.kind === "none" ? answer.slug : null;
    // A 413 is some proxy's: ours takes twice as much.
    const final = (answer.kind === "unreadable" && answer.status !== 413) || slug === "attachment-differs";
    if (final) return { ...picture, state: "refused" };
    return answer.kind === "broken" || answer.kind === "unreadable" || slug === "attachment-unknown"
      ? "later"
      : "nobody";
  }
}

/**
 * What becomes of a picture now. Pure.
 * @param {Pick<Picture, "state" | "epoch" | "at">} picture
 * @param {Pick<Fact, "state"> | undefined} fact that announces it
 * @param {string} epoch
 * @param {number} nowMs
 * @returns {"send" | "wait" | "forget"}
 */
export function nextFor(picture, fact, epoch, nowMs) {
  // The fact went with the end of its days on the phone; or it was never kept, and the app died between the two.
  if (!fact) return nowMs - picture.at > WITHOUT_FACT_MS ? "forget" : "wait";
  if (fact.state !== "received" || picture.state === "refused") return "wait";
  return picture.state === "waiting" || picture.epoch !== epoch ? "send" : "wait";
}

/** One tab at a time; another that comes meanwhile leaves it to that one. @param {() => Promise<void>} work */
async function alone(work) {
  if (!globalThis.navigator?.locks) return work();
  await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? work() : undefined));
}

/** @param {Uint8Array<ArrayBuffer>} bytes */
function base64(bytes) {
  let text = "";
  // In parts: a call with half a million arguments ends in an error.
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}
