import assert from "node:assert/strict";
import { test } from "node:test";
import { updateHeld } from "../../static/phone/update.js";

const AT = (/** @type {string} */ time) => Date.parse(`2024-05-20T${time}:00+08:00`);
const session = {
  code: "chinese",
  grade: 4,
  kind: "test",
  check_in_from: "2024-05-20T08:20:00+08:00",
  starts_at: "2024-05-20T09:00:00+08:00",
  ends_at: "2024-05-20T10:20:00+08:00",
};
const later = { ...session, code: "open", check_in_from: "2024-05-20T13:40:00+08:00", ends_at: null };
later.starts_at = "2024-05-20T14:00:00+08:00";
const snapshot = /** @type {any} */ ({
  rooms: [
    { code: "01", grade: 4 },
    { code: "02", grade: 4 },
  ],
  sessions: [session, later],
});

/** @param {string} time @param {Record<string, string>} [states] by session/room @param {string} [room] */
function held(time, states = {}, room = "01") {
  const sittings = new Map(Object.entries(states).map(([key, state]) => [key, { state }]));
  const current = /** @type {any} */ ({ attendance: new Map(), sittings });
  return updateHeld({ snapshot, current, room, nowMs: AT(time) })?.why ?? null;
}

test("check-in holds an update from its opening until the session is over by the timetable", () => {
  assert.equal(held("08:19"), null);
  assert.equal(held("08:20"), "check-in");
  assert.equal(held("10:19"), "check-in");
  assert.equal(held("10:20"), null);
});

test("a session that runs or stands still holds it, however late it is", () => {
  assert.equal(held("09:30", { "chinese/01": "running" }), "running");
  assert.equal(held("12:00", { "chinese/01": "paused" }), "running");
  assert.equal(held("10:30", { "chinese/01": "ended" }), null);
  assert.equal(held("09:30", { "chinese/01": "sealed" }), null);
});

test("another room's session holds only those who look after the whole school", () => {
  const states = { "chinese/01": "sealed", "chinese/02": "running" };
  assert.equal(held("11:00", states, "01"), null);
  assert.equal(held("11:00", states, ""), "running");
});

test("a session without a planned end holds it for three hours after its start", () => {
  assert.equal(held("16:59"), "check-in");
  assert.equal(held("17:00"), null);
});

test("a phone without a list is held by nothing", () => {
  const current = /** @type {any} */ ({ attendance: new Map(), sittings: new Map() });
  assert.equal(updateHeld({ snapshot: null, current, room: "", nowMs: 0 }), null);
});
