/**
 * The phone's own store: raw IndexedDB, two stores. `facts` is the outbox, `meta` keeps the sealed snapshot (vault.js), the
 * clock's offset and the counters of devices.
 */

/**
 * A newer version only ever adds: two versions of the app may be open in two tabs, and the older one goes on noting.
 */
const VERSION = 1;

/**
 * Another tab's newer version needed the store to itself: what stands for a connection that was closed for it.
 * @type {WeakMap<IDBDatabase, Promise<IDBDatabase>>}
 */
const reopened = new WeakMap();

/**
 * @param {string} [name]
 * @param {IDBFactory} [factory]
 * @param {number} [version]
 * @returns {Promise<IDBDatabase>}
 */
export async function openStore(name = "fieldops", factory = indexedDB, version = VERSION) {
  try {
    return await connect(name, factory, version);
  } catch (error) {
    // A newer version of the app was here before this one.
    if (/** @type {DOMException} */ (error)?.name === "VersionError") return connect(name, factory);
    throw error;
  }
}

/**
 * @param {string} name
 * @param {IDBFactory} factory
 * @param {number} [version] what there is when it is not given
 * @returns {Promise<IDBDatabase>}
 */
function connect(name, factory, version) {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, version);
    request.onupgradeneeded = ({ oldVersion }) => {
      if (oldVersion > 0) return;
      const facts = request.result.createObjectStore("facts", { keyPath: "id" });
      facts.createIndex("state", "state");
      facts.createIndex("order", ["device", "device_seq"], { unique: true });
      request.result.createObjectStore("meta");
    };
    request.onsuccess = () => {
      const db = request.result;
      // Another tab with a newer version must not wait for this one; this one goes on when that is through.
      db.onversionchange = () => {
        db.close();
        reopened.set(db, connect(name, factory));
      };
      // The browser closed it: storage was cleared, or its process died.
      db.onclose = () => reopened.set(db, openStore(name, factory));
      resolve(db);
    };
    // No "blocked": the other tabs' connections close by themselves, as above, and the request waits for that.
    request.onerror = () => reject(request.error);
  });
}

/**
 * One transaction, resolved when it is committed, so that what it wrote stays.
 * @template T
 * @param {IDBDatabase} db
 * @param {string[]} stores
 * @param {IDBTransactionMode} mode
 * @param {(stores: (name: string) => IDBObjectStore, done: (value: T) => void) => void} work
 * @returns {Promise<T | undefined>}
 */
export async function transact(db, stores, mode, work) {
  const instead = await reopened.get(db);
  return instead ? transact(instead, stores, mode, work) : once(db, stores, mode, work);
}

/**
 * @template T
 * @param {IDBDatabase} db
 * @param {string[]} stores
 * @param {IDBTransactionMode} mode
 * @param {(stores: (name: string) => IDBObjectStore, done: (value: T) => void) => void} work
 * @returns {Promise<T | undefined>}
 */
function once(db, stores, mode, work) {
  return new Promise((resolve, reject) => {
    // Strict: committed means on the disk, not on its way there. A battery that dies after the verdict loses nothing.
    const tx = db.transaction(stores, mode, { durability: "strict" });
    /** @type {T | undefined} */
    let result;
    tx.oncomplete = () => resolve(result);
    tx.onabort = () => reject(tx.error ?? new Error("transaction aborted"));
    tx.onerror = () => reject(tx.error);
    work(
      (name) => tx.objectStore(name),
      (value) => {
        result = value;
      },
    );
  });
}

/**
 * @template T
 * @param {IDBDatabase} db
 * @param {string} key
 * @returns {Promise<T | undefined>}
 */
export function readMeta(db, key) {
  return transact(db, ["meta"], "readonly", (store, done) => {
    const request = store("meta").get(key);
    request.onsuccess = () => done(request.result);
  });
}

/**
 * @param {IDBDatabase} db
 * @param {Record<string, unknown>} entries
 */
export function writeMeta(db, entries) {
  return transact(db, ["meta"], "readwrite", (store) => {
    for (const [key, value] of Object.entries(entries)) store("meta").put(value, key);
  });
}

/**
 * @param {IDBDatabase} db
 * @param {...string} keys
 */
export function forgetMeta(db, ...keys) {
  return transact(db, ["meta"], "readwrite", (store) => {
    for (const key of keys) store("meta").delete(key);
  });
}
