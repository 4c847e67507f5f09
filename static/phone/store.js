/**
 * The phone's own store: raw IndexedDB, two stores. `facts` is the outbox, `meta` keeps the sealed snapshot (vault.js), the
 * clock's offset and the counters of devices.
 */

const VERSION = 1;

/**
 * @param {string} [name]
 * @param {IDBFactory} [factory]
 * @returns {Promise<IDBDatabase>}
 */
export function openStore(name = "fieldops", factory = indexedDB) {
  return new Promise((resolve, reject) => {
    const request = factory.open(name, VERSION);
    request.onupgradeneeded = () => {
      const facts = request.result.createObjectStore("facts", { keyPath: "id" });
      facts.createIndex("state", "state");
      facts.createIndex("order", ["device", "device_seq"], { unique: true });
      request.result.createObjectStore("meta");
    };
    request.onsuccess = () => {
      const db = request.result;
      // Another tab with a newer version must not wait for this one.
      db.onversionchange = () => db.close();
      resolve(db);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("store blocked by another tab"));
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
export function transact(db, stores, mode, work) {
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
