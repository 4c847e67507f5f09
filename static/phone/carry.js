/**
 * What this phone carries for others: sealed envelopes, kept whole on the disk until the server took them. They are in a
 * store of their own, for they are nobody's names and no part of this phone's own facts.
 */
import { deviceOf, toBase64Url } from "./envelope.js";
import { transact } from "./store.js";

/**
 * @typedef {object} Carried
 * @property {string} id SHA-256 of the envelope, hex: the same again is the same
 * @property {string} device that sealed it
 * @property {Uint8Array | null} sealed null once the server took it
 * @property {number} at when this phone took it over, Unix ms by the window's clock
 * @property {"waiting" | "taken" | "refused"} state
 * @property {string | null} by name of who noted the facts, as the server said
 * @property {{ accepted: number, duplicate: number, quarantined: number, conflict: number } | null} summary
 * @property {string | null} problem what the server said against it
 */

const STORE = "sealed";
const TIMEOUT_MS = 20_000;
/** Answers that the same envelope will always get: a person has to see it. */
const FINAL = new Set([400, 403, 409, 413, 422]);

/**
 * @param {string} [name]
 * @param {IDBFactory} [factory]
 * @returns {Promise<IDBDatabase>}
 */
function openCarried(name = "fieldops-carried", factory = indexedDB) {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {Uint8Array<ArrayBuffer>} sealed */
async function idOf(sealed) {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", sealed));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Carrier {
  /** @type {Promise<void> | null} */
  #sending = null;

  /** @param {IDBDatabase} db @param {typeof fetch} send */
  constructor(db, send) {
    this.db = db;
    this.send = send;
  }

  /** @param {{ name?: string, send?: typeof fetch }} [given] */
  static async open({ name, send = (url, init) => fetch(url, init) } = {}) {
    return new Carrier(await openCarried(name), send);
  }

  /** @returns {Promise<Carried[]>} the newest first */
  async all() {
    /** @type {Carried[] | undefined} */
    const found = await transact(this.db, [STORE], "readonly", (store, done) => {
      const request = store(STORE).getAll();
      request.onsuccess = () => done(/** @type {Carried[]} */ (request.result));
    });
    return (found ?? []).sort((a, b) => b.at - a.at);
  }

  /**
   * Keeps an envelope: when this returns it is on the disk.
   * @param {Uint8Array<ArrayBuffer>} sealed
   * @param {number} at
   * @returns {Promise<Carried>}
   */
  async keep(sealed, at) {
    const device = deviceOf(sealed);
    if (!device) throw new Error("no envelope");
    /** @type {Carried} */
    const fresh = {
      id: await idOf(sealed),
      device,
      sealed,
      at,
      state: "waiting",
      by: null,
      summary: null,
      problem: null,
    };
    const kept = await transact(this.db, [STORE], "readwrite", (store, done) => {
      const read = store(STORE).get(fresh.id);
      read.onsuccess = () => {
        const known = /** @type {Carried | undefined} */ (read.result);
        // One that was refused may be tried again; one that was taken is done.
        if (known?.state === "taken") return done(known);
        store(STORE).put(fresh);
        done(fresh);
      };
    });
    return kept ?? fresh;
  }

  /**
   * Offers to the server what waits. Only its own answer moves anything.
   * @returns {Promise<void>}
   */
  sendAll() {
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #sendAll() {
    for (const carried of await this.all()) {
      if (carried.state !== "waiting" || !carried.sealed) continue;
      const after = await this.#offer(carried, carried.sealed).catch(() => null);
      if (!after) return; // nobody of ours answered: the others wait as well
      await transact(this.db, [STORE], "readwrite", (store) => {
        store(STORE).put(after);
      });
    }
  }

  /**
   * @param {Carried} carried
   * @param {Uint8Array} sealed
   * @returns {Promise<Carried | null>} null: no answer of ours
   */
  async #offer(carried, sealed) {
    const cut = new AbortController();
    const timer = setTimeout(() => cut.abort(), TIMEOUT_MS);
    try {
      const response = await this.send("/api/v1/hand-over", {
        method: "POST",
        headers: { "Content-Type": "application/json", Accept: "application/json" },
        body: JSON.stringify({ device: carried.device, sealed: toBase64Url(sealed) }),
        credentials: "same-origin",
        redirect: "error",
        cache: "no-store",
        signal: cut.signal,
      });
      if (!(response.headers.get("Content-Type") ?? "").includes("json")) return null;
      const json = await response.json();
      if (response.ok && typeof json?.server_epoch === "string" && json.device === carried.device && json.summary) {
        return { ...carried, sealed: null, state: "taken", by: json.by, summary: json.summary, problem: null };
      }
      if (FINAL.has(response.status) && typeof json?.title === "string") {
        return { ...carried, state: "refused", problem: `${json.title}. ${json.detail ?? ""}`.trim() };
      }
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
}
