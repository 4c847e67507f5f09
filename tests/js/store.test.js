import assert from "node:assert/strict";
import { test } from "node:test";
import "fake-indexeddb/auto";
import { openStore, readMeta, writeMeta } from "../../static/phone/store.js";

test("a tab of the older version goes on noting after a newer one has changed the store", async () => {
  const old = await openStore("bumped");
  await writeMeta(old, { a: 1 });
  const newer = await openStore("bumped", indexedDB, 7);
  assert.equal(newer.version, 7);
  await writeMeta(old, { a: 2 });
  assert.equal(await readMeta(newer, "a"), 2);
  // And once more, from what stood in for it.
  await openStore("bumped", indexedDB, 8);
  await writeMeta(old, { b: 3 });
  assert.equal(await readMeta(old, "b"), 3);
});

test("the older version opens a store that a newer one has left", async () => {
  const newer = await openStore("left", indexedDB, 9);
  await writeMeta(newer, { a: 1 });
  newer.close();
  const old = await openStore("left");
  assert.equal(old.version, 9);
  assert.equal(await readMeta(old, "a"), 1);
});

test("a store that cannot be opened is an error, not an empty one", async () => {
  const factory = /** @type {IDBFactory} */ (
    /** @type {unknown} */ ({
      open() {
        throw new DOMException("private", "SecurityError");
      },
    })
  );
  await assert.rejects(openStore("none", factory), { name: "SecurityError" });
});
