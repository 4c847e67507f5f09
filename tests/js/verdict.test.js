import assert from "node:assert/strict";
import { test } from "node:test";
import { t } from "../../static/phone/i18n.js";
import { currentStates } from "../../static/phone/state.js";
import { doubtful, judgeCard, judgeStudent } from "../../static/phone/verdict.js";
import { at, fact, snapshotOf } from "./fixtures.js";

/**
 * @param {string} time
 * @param {ReturnType<typeof fact>[]} [facts]
 * @param {string} [room]
 */
function question(time, facts = [], room = "01") {
  const snapshot = snapshotOf();
  const session = /** @type {import("../../static/phone/types.js").Session} */ (snapshot.sessions[0]);
  const method = /** @type {const} */ ("scan");
  return { snapshot, current: currentStates(snapshot, facts), session, room, nowMs: at(time), method };
}
/** @param {string} code */
const card = (code) => ({ kind: /** @type {const} */ ("card"), hash: `hash-${code}` });

test("in time, late, and later than allowed", () => {
  const ok = judgeCard(card("a"), question("08:40"));
  assert.deepEqual(
    [ok.outcome, ok.tone, ok.record],
    ["ok", "good", { kind: "attendance.checked_in", data: { method: "scan" } }],
  );
  const late = judgeCard(card("a"), question("09:08"));
  assert.deepEqual([late.outcome, late.record?.data], ["late", { method: "scan", late_min: 8 }]);
  const tooLate = judgeCard(card("a"), question("09:20"));
  assert.equal(tooLate.record?.data.late_min, 20);
  assert.match(t(tooLate.detail, tooLate.params), /15 min allowed/);
});

test("late counts from the start as it was, not as it was planned", () => {
  const started = fact("sitting.started", "09:10");
  assert.equal(judgeCard(card("a"), question("09:09", [started])).outcome, "ok");
  assert.equal(judgeCard(card("a"), question("09:12", [started])).record?.data.late_min, 2);
});

test("already in: when and by whom, and nothing is recorded", () => {
  const verdict = judgeCard(card("a"), question("08:45", [fact("attendance.checked_in", "08:40")]));
  assert.deepEqual(
    [verdict.outcome, verdict.record, verdict.params.time, verdict.params.by],
    ["already_in", null, "08:40", "Li"],
  );
});

test("an absence that was noted before does not keep a student out", () => {
  const absent = fact("attendance.absent", "08:50", { data: { reason: "not_seen" } });
  assert.equal(judgeCard(card("a"), question("08:58", [absent])).outcome, "ok");
});

test("wrong room and wrong session say where to go and are recorded", () => {
  const room = judgeCard(card("c"), question("08:40"));
  assert.deepEqual([room.outcome, room.record?.data], ["wrong_room", { outcome: "wrong_room", card: "hash-c" }]);
  assert.equal(t(room.headline, room.params), "Another room: Room 2");
  assert.equal(judgeCard(card("d"), question("08:40")).outcome, "wrong_session");
});

test("not open yet says when and lets a person decide", () => {
  const verdict = judgeCard(card("a"), question("08:10"));
  assert.deepEqual(
    [verdict.outcome, verdict.anyway, verdict.record, verdict.params.time],
    ["not_open", true, null, "08:20"],
  );
});

test("unknown cards are recorded with their hash, never dropped", () => {
  const unknown = judgeCard(card("?"), question("08:40"));
  assert.deepEqual(
    [unknown.outcome, unknown.record?.data],
    ["not_on_roster", { outcome: "not_on_roster", card: "hash-?" }],
  );
  const none = judgeCard({ kind: "unreadable", hash: "h" }, question("08:40"));
  assert.deepEqual([none.outcome, none.record?.data], ["unreadable", { outcome: "unreadable", card: "h" }]);
  const other = judgeCard({ kind: "other_school", hash: "h", school: "No 2" }, question("08:40"));
  assert.match(t(other.detail, other.params), /No 2/);
});

test("a card of another school of the county is known without a network", () => {
  const asked = question("08:40");
  const snapshot = {
    ...asked.snapshot,
    schools: [{ code: "77", name: "No 2" }],
    foreign_cards: { 77: ["hash-of-th"] },
  };
  const verdict = judgeCard(card("of-the-other"), { ...asked, snapshot });
  assert.deepEqual(
    [verdict.outcome, verdict.record?.data],
    ["wrong_school", { outcome: "wrong_school", card: "hash-of-the-other" }],
  );
  assert.match(t(verdict.detail, verdict.params), /No 2/);
});

test("exempt, back from outside, gone for good, doubtful", () => {
  assert.equal(judgeCard(card("e"), question("08:40")).outcome, "exempt");
  const left = [fact("attendance.checked_in", "08:40"), fact("attendance.left", "09:30")];
  const back = judgeCard(card("a"), question("09:40", left));
  assert.deepEqual([back.outcome, back.record?.kind], ["returned", "attendance.returned"]);
  const gone = [fact("attendance.checked_in", "08:40"), fact("attendance.withdrawn", "09:30")];
  assert.deepEqual([judgeCard(card("a"), question("09:40", gone)).outcome], ["gone"]);
  const student = /** @type {import("../../static/phone/types.js").Student} */ (snapshotOf().students[0]);
  assert.equal(doubtful(student).record?.data.outcome, "doubtful");
});

test("a hostile name is shown as it is", () => {
  const student = /** @type {import("../../static/phone/types.js").Student} */ (snapshotOf().students[0]);
  const verdict = judgeStudent(student, question("08:40"));
  assert.equal(t(verdict.detail, verdict.params), "Seat 1 · {x} %s <b> O'Neil");
});
