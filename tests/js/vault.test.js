import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import "fake-indexeddb/auto";
import { openStore, readMeta, transact } from "../../static/phone/store.js";
import { Vault, wipeNames } from "../../static/phone/vault.js";
import { snapshotOf } from "./fixtures.js";

let named = 0;
let mark = /** @type {string | null} */ ("m1");
/** @type {IDBDatabase} */
let db;
const who = () => mark;
const kept = (snapshot = snapshotOf()) => ({ snapshot, etag: '"1"', code: null });

beforeEach(async () => {
  named += 1;
  mark = "m1";
  db = await openStore(`vault-${named}`);
});

/** Everything on the disk, as far as bytes can be read at all. */
async function disk() {
  const all = await transact(db, ["meta"], "readonly", (store, done) => {
    const request = store("meta").getAll();
    request.onsuccess = () => done(request.result);
  });
  const text = (/** @type {any} */ value) =>
    value instanceof ArrayBuffer || ArrayBuffer.isView(value)
      ? Buffer.from(/** @type {ArrayBuffer} */ ("buffer" in value ? value.buffer : value)).toString("utf8")
      : value;
  return JSON.stringify(all, (_, value) => text(value));
}

test("what is kept comes back, and nobody's name stands on the disk", async () => {
  const vault = new Vault(db, { who });
  assert.equal(await vault.open(), null);
  assert.equal(await vault.put(kept(), vault.ticket()), true);
  assert.deepEqual(await new Vault(db, { who }).open(), kept());
  const raw = await disk();
  for (const { name } of snapshotOf().students) assert.ok(!raw.includes(name), name);
  assert.ok(raw.includes('"person":"p1"'), "the record is there");
});

test("the key cannot be taken out, stays for the sign-in and is another for the next person", async () => {
  const vault = new Vault(db, { who });
  const keyOf = async () => /** @type {any} */ (await readMeta(db, "vault"))?.key;
  await vault.put(kept(), vault.ticket());
  const first = await keyOf();
  assert.equal(first.extractable, false);
  await assert.rejects(crypto.subtle.exportKey("raw", first));
  const before = /** @type {any} */ (await readMeta(db, "vault"));
  await vault.put(kept(), vault.ticket());
  const after = /** @type {any} */ (await readMeta(db, "vault"));
  assert.notDeepEqual(after.iv, before.iv);
  await crypto.subtle.decrypt({ name: "AES-GCM", iv: after.iv }, first, after.ciphertext);
  const other = snapshotOf();
  other.person.id = "p2";
  await vault.put(kept(other), vault.ticket());
  const third = /** @type {any} */ (await readMeta(db, "vault"));
  await assert.rejects(crypto.subtle.decrypt({ name: "AES-GCM", iv: third.iv }, first, third.ciphertext));
});

test("wiping deletes key and ciphertext, also from another page, and says why", async () => {
  const vault = new Vault(db, { who });
  await vault.put(kept(), vault.ticket());
  await wipeNames(db, "signed-out");
  assert.equal(await readMeta(db, "vault"), undefined);
  assert.equal(await vault.open(), null);
  assert.equal(await vault.reason(), "signed-out");
  await vault.put(kept(), vault.ticket());
  assert.equal(await vault.reason(), null);
});

test("a snapshot that was asked for before a wipe is not kept after it", async () => {
  const vault = new Vault(db, { who });
  const ticket = vault.ticket();
  await wipeNames(db, "signed-out");
  assert.equal(await vault.put(kept(), ticket), false);
  assert.equal(await readMeta(db, "vault"), undefined);
  await vault.open();
  assert.equal(await vault.put(kept(), vault.ticket()), true);
});

test("without a network, another sign-in of the browser wipes at the next look", async () => {
  const vault = new Vault(db, { who });
  await vault.put(kept(), vault.ticket());
  await vault.open();
  for (const next of ["m2", null]) {
    mark = "m1";
    await vault.put(kept(), vault.ticket());
    await vault.open();
    const ticket = vault.ticket();
    mark = next;
    assert.equal(vault.current(), false);
    assert.equal(await vault.put(kept(), ticket), false, "nor is it sealed for the one who is in now");
    assert.equal(await vault.open(), null);
    assert.equal(await readMeta(db, "vault"), undefined);
  }
});

test("without WebCrypto it stays in memory and never touches the disk", async () => {
  const vault = new Vault(db, { who, subtle: null });
  assert.equal(vault.lasting, false);
  await vault.put(kept(), vault.ticket());
  assert.deepEqual(await vault.open(), kept());
  assert.ok(!(await disk()).includes("O'Neil"));
  assert.equal(await new Vault(db, { who }).open(), null);
  mark = "m2";
  assert.equal(await vault.open(), null, "another sign-in ends it too");
  mark = "m1";
  await wipeNames(db, "signed-out");
  assert.equal(await vault.open(), null, "and a wipe on another page");
});

test("what is damaged is as if it were not there", async () => {
  const vault = new Vault(db, { who });
  await vault.put(kept(), vault.ticket());
  const record = /** @type {any} */ (await readMeta(db, "vault"));
  new Uint8Array(record.ciphertext)[3] ^= 1;
  await transact(db, ["meta"], "readwrite", (store) => store("meta").put(record, "vault"));
  assert.equal(await vault.open(), null);
});
