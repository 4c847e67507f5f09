/**
 * Where the snapshot lies on the phone: only as AES-GCM ciphertext, under a key that cannot be taken out and that lives as
 * long as the sign-in. Wiping deletes key and ciphertext in one transaction. Browsers give WebCrypto to secure pages only
 * (https, localhost): elsewhere, and where a key cannot be kept, the snapshot stays in memory and never touches the disk.
 */
import { readMeta, transact } from "./store.js";

/** @typedef {import("./types.js").Snapshot} Snapshot */
/**
 * @typedef {object} Kept what is sealed
 * @property {Snapshot} snapshot as the server sent it
 * @property {string | null} etag
 * @property {string | null} code release code that opened its sealed roster
 */
/**
 * @typedef {object} Sealed the record on the disk; nothing in it names anybody
 * @property {string} person id
 * @property {string | null} who mark of the browser's sign-in when it was sealed
 * @property {CryptoKey} key
 * @property {Uint8Array<ArrayBuffer>} iv
 * @property {ArrayBuffer} ciphertext
 */
/** @typedef {{ generation: number, who: string | null }} Ticket a life of the vault and a sign-in of the browser */
/** @typedef {"signed-out" | "other-person" | "day-closed"} Reason why names went */

const RECORD = "vault";
const GENERATION = "vault_generation";
const REASON = "wiped";

export class Vault {
  /** @type {(Ticket & { kept: Kept }) | null} what is held in memory where nothing can be sealed */
  #memory = null;
  #generation = 0;
  /** @type {string | null} */
  #openedFor = null;

  /**
   * @param {IDBDatabase} db
   * @param {{ subtle?: SubtleCrypto | null, who?: () => string | null }} [deps]
   */
  constructor(db, { subtle = globalThis.crypto?.subtle ?? null, who = signedInMark } = {}) {
    this.db = db;
    this.subtle = subtle;
    this.who = who;
    /** Whether the snapshot outlives the page. */
    this.lasting = Boolean(subtle);
  }

  /**
   * To be taken before a snapshot is asked for, and handed to `put`.
   * @returns {Ticket}
   */
  ticket() {
    return { generation: this.#generation, who: this.who() };
  }

  /** @returns {boolean} whether the browser's sign-in is still the one for which this was opened */
  current() {
    return this.#openedFor === this.who();
  }

  /**
   * What is kept; null when nothing is, or it was sealed under another sign-in than this browser's of now: then it is
   * wiped at once, without asking anybody.
   * @returns {Promise<Kept | null>}
   */
  async open() {
    this.#openedFor = this.who();
    this.#generation = (await readMeta(this.db, GENERATION)) ?? 0;
    const record = /** @type {Sealed | undefined} */ (await readMeta(this.db, RECORD));
    const held = this.#memory;
    if (!record) return held?.who === this.#openedFor && held.generation === this.#generation ? held.kept : null;
    if (record.who !== this.#openedFor) {
      await this.wipe("signed-out");
      return null;
    }
    if (!this.subtle) return null;
    try {
      const plain = await this.subtle.decrypt({ name: "AES-GCM", iv: record.iv }, record.key, record.ciphertext);
      return JSON.parse(new TextDecoder().decode(plain));
    } catch {
      return null; // damaged: the next answer of the server replaces it
    }
  }

  /**
   * Seals what the server sent. The key is the one of this person's sign-in, else a new one.
   * @param {Kept} kept
   * @param {Ticket} ticket taken when the snapshot was asked for
   * @returns {Promise<boolean>} false when it was wiped or somebody else signed in meanwhile: then it is not kept
   */
  async put(kept, { generation, who }) {
    if (who !== this.who()) return false;
    const person = kept.snapshot.person.id;
    if (!this.subtle || !this.lasting) return this.#hold(kept, generation);
    const before = /** @type {Sealed | undefined} */ (await readMeta(this.db, RECORD));
    const same = before?.person === person && before.who === who;
    const key = same ? before.key : await this.#newKey();
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(kept));
    const ciphertext = await this.subtle.encrypt({ name: "AES-GCM", iv }, key, plain);
    /** @type {Sealed} */
    const record = { person, who, key, iv, ciphertext };
    try {
      const stored = await transact(this.db, ["meta"], "readwrite", (store, done) => {
        const read = store("meta").get(GENERATION);
        read.onsuccess = () => {
          const current = (read.result ?? 0) === generation;
          done(current);
          if (!current) return;
          store("meta").put(record, RECORD);
          store("meta").delete(REASON);
        };
      });
      return stored ?? false;
    } catch (error) {
      // Some private windows cannot keep a key; a full disk is another matter and is told.
      if (!(error instanceof DOMException) || error.name !== "DataCloneError") throw error;
      this.lasting = false;
      return this.#hold(kept, generation);
    }
  }

  /**
   * Deletes key and ciphertext. Facts are not touched.
   * @param {Reason} reason kept, so that the screen can say it after the next start too
   */
  async wipe(reason) {
    this.#memory = null;
    this.#generation = await wipeNames(this.db, reason);
  }

  /** @returns {Promise<Reason | null>} why there is nothing here */
  async reason() {
    return /** @type {Reason | undefined} */ (await readMeta(this.db, REASON)) ?? null;
  }

  /** @param {Kept} kept @param {number} generation */
  async #hold(kept, generation) {
    if (((await readMeta(this.db, GENERATION)) ?? 0) !== generation) return false;
    this.#memory = { kept, generation, who: this.who() };
    return true;
  }

  #newKey() {
    const subtle = /** @type {SubtleCrypto} */ (this.subtle);
    return subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
  }
}

/**
 * One transaction: what is asked for now but arrives later finds another generation and is not kept.
 * @param {IDBDatabase} db
 * @param {Reason} reason
 * @returns {Promise<number>} the new generation
 */
export async function wipeNames(db, reason) {
  const generation = await transact(db, ["meta"], "readwrite", (store, done) => {
    const read = store("meta").get(GENERATION);
    read.onsuccess = () => {
      const next = (read.result ?? 0) + 1;
      for (const name of [RECORD, "snapshot", "etag"]) store("meta").delete(name);
      store("meta").put(next, GENERATION);
      store("meta").put(reason, REASON);
      done(next);
    };
  });
  return generation ?? 0;
}

/**
 * The mark that the server sets beside the token's cookie and takes away with it (a hash, it opens nothing). It tells
 * without a network that somebody signed out, or that somebody else signed in.
 * @returns {string | null}
 */
export function signedInMark() {
  if (typeof document === "undefined") return null;
  return /(?:^|;\s*)(?:__Host-)?who=([^;]*)/.exec(document.cookie)?.[1] ?? null;
}
