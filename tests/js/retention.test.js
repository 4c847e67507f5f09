import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import "fake-indexeddb/auto";
import { Outbox } from "../../static/phone/outbox.js";
import { forgetDue, planForgetting } from "../../static/phone/retention.js";
import { openStore, transact } from "../../static/phone/store.js";
import { at, fact, snapshotOf } from "./fixtures.js";

const DAY_MS = 86_400_000;
const closed = new Date(at("17:00")).toISOString();
let named = 0;
/** @type {IDBDatabase} */
let db;

beforeEach(async () => {
  named += 1;
  db = await openStore(`retention-${named}`);
});

/** @param {...import("../../static/phone/types.js").Fact} facts */
const keep = (...facts) =>
  transact(db, ["facts"], "readwrite", (store) => {
    for (const each of facts) store("facts").put(each);
  });
const left = async () => (await new Outbox(db).all()).map(({ id }) => id).sort();
/** @param {number} [days] */
const plan = (days = 30) => {
  const snapshot = snapshotOf();
  snapshot.closed_days = [{ date: "2024-05-20", closed_at: closed }];
  snapshot.policies.keep_facts_days = { value: days, origin: "test" };
  return planForgetting(db, snapshot);
};

test("what the server has goes after its days, what it does not have never does", async () => {
  await keep(
    fact("attendance.checked_in", "08:30", { id: "received", state: "received", seq: 1 }),
    fact("attendance.checked_in", "08:31", { id: "aside", state: "quarantined", seq: 2 }),
    fact("attendance.checked_in", "08:32", { id: "waiting", state: "waiting" }),
    fact("attendance.checked_in", "08:33", { id: "unsure", state: "unconfirmed" }),
  );
  await plan();
  assert.equal(await forgetDue(db, at("17:00") + 30 * DAY_MS - 1), 0);
  assert.equal((await left()).length, 4);
  assert.equal(await forgetDue(db, at("17:00") + 30 * DAY_MS), 2);
  assert.deepEqual(await left(), ["unsure", "waiting"]);
});

test("facts of a later day, another window or another school stay", async () => {
  const next = fact("sitting.started", "09:00", { id: "next", state: "received", seq: 1 });
  next.event.occurred_at = new Date(at("09:00") + DAY_MS).toISOString();
  const window = { ...fact("sitting.started", "09:00", { id: "window", state: "received", seq: 2 }), window: "2025" };
  const school = fact("sitting.started", "09:00", { id: "school", state: "received", seq: 3 });
  school.event.school = "4418230102";
  const before = fact("phone.checked", "09:00", { id: "before", state: "received", seq: 4 });
  before.event.occurred_at = new Date(at("09:00") - 3 * DAY_MS).toISOString();
  // Noted on a phone whose clock is a day behind: its offset puts it on the next day.
  const behind = fact("sitting.started", "09:00", { id: "behind", state: "received", seq: 5 });
  behind.event.offset_ms = DAY_MS;
  await keep(next, window, school, before, behind);
  await plan(1);
  assert.equal(await forgetDue(db, at("17:00") + DAY_MS), 1);
  assert.deepEqual(await left(), ["behind", "next", "school", "window"]);
});

test("a day that was opened again is forgotten no more", async () => {
  await keep(fact("sitting.started", "09:00", { id: "one", state: "received", seq: 1 }));
  await plan(1);
  await planForgetting(db, { ...snapshotOf(), closed_days: [] });
  assert.equal(await forgetDue(db, at("17:00") + 90 * DAY_MS), 0);
  assert.deepEqual(await left(), ["one"]);
});
