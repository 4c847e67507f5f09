/** Two phones on one list: each says the same of who was first, and the later monitor is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { currentStates, keyOf, lateBy } from "../../static/phone/state.js";
import { notedBefore } from "../../static/phone/told.js";
import { at, fact, iso, snapshotOf } from "./fixtures.js";

/** @param {string} time @param {string} by @param {string} event */
const row = (time, by, event) => ({
  student: "a",
  session: "chinese",
  room: "01",
  status: /** @type {const} */ ("present"),
  late_min: null,
  reason: null,
  checked_in_at: iso(time),
  by,
  provisional: false,
  event,
  flags: [],
});

/** @param {import("../../static/phone/types.js").Snapshot} snapshot @param {import("../../static/phone/types.js").Fact[]} facts */
const told = (snapshot, facts) =>
  notedBefore(snapshot, currentStates(snapshot, facts), facts).map(({ by, at, fact }) => [by, at, fact]);

test("the later of two is told by whom and when, before and after its own is in the snapshot; the first is not", () => {
  const snapshot = snapshotOf();
  snapshot.states.attendance = [row("08:12", "韩梅梅", "theirs")];
  for (const more of [{}, { state: /** @type {const} */ ("received"), seq: 9 }]) {
    const later = fact("attendance.checked_in", "08:19", more);
    assert.deepEqual(told(snapshot, [later]), [["韩梅梅", iso("08:12"), later.id]]);
    assert.deepEqual(told(snapshot, [fact("attendance.checked_in", "08:11", more)]), []);
  }
});

test("nothing is told of one's own, of what was taken back, or of another window", () => {
  const snapshot = snapshotOf();
  const first = fact("attendance.checked_in", "08:12", { state: "received", seq: 5 });
  const second = fact("attendance.checked_in", "08:15", { state: "received", seq: 6 });
  snapshot.states.attendance = [row("08:12", "Li", first.id)];
  assert.deepEqual(told(snapshot, [first, second]), []);
  snapshot.states.attendance = [row("08:01", "Wang", "theirs")];
  const undo = fact("attendance.undone", "08:16", { data: { undoes: second.id } });
  assert.deepEqual(told(snapshot, [second, undo]), []);
  assert.deepEqual(told(snapshot, [{ ...second, window: "2023" }]), []);
});

test("the same person on two phones is told too: the name alone says nothing", () => {
  const snapshot = snapshotOf();
  snapshot.states.attendance = [row("08:12", "Li", "theirs")];
  const mine = fact("attendance.checked_in", "08:13");
  assert.equal(told(snapshot, [mine]).length, 1);
  assert.equal(currentStates(snapshot, [mine]).attendance.get(keyOf("chinese", "a"))?.checked_in_at, iso("08:12"));
});

test("a late entry is marked from the moment it is noted, by the window's own measure", () => {
  const snapshot = snapshotOf();
  const late = fact("attendance.checked_in", "08:30");
  late.event.recorded_at = iso("08:40");
  /** @param {import("../../static/phone/types.js").Fact} one */
  const flags = (one) => currentStates(snapshot, [one]).attendance.get(keyOf("chinese", "a"))?.flags;
  assert.deepEqual(flags(late), ["late_entry"]);
  assert.deepEqual(flags(fact("attendance.checked_in", "08:30")), []);
  snapshot.policies.late_entry_after_min = { value: 10, origin: "handbook" };
  assert.deepEqual(flags(late), []);
  assert.equal(lateBy(snapshot, at("08:00"), at("08:11")), 11);
});
