import assert from "node:assert/strict";
import { test } from "node:test";
import { nowCard, sessionNow, sessionsOf, unfinished } from "../../static/phone/nowcard.js";
import {
  foldSitting,
  lawfulEndWhenResumed,
  nextAction,
  planCheck,
  plannedSitting,
} from "../../static/phone/sitting.js";
import { countsOf, currentStates, foldAttendance, keyOf } from "../../static/phone/state.js";
import { at, fact, iso, permutations, snapshotOf } from "./fixtures.js";

/** @param {string} kind @param {string} time @param {string} id @param {Record<string, unknown>} [data] */
const told = (kind, time, id, data = {}) => ({
  id,
  kind: `attendance.${kind}`,
  at: at(time),
  by: "Li",
  data,
  undoes: /** @type {string | null} */ (data.undoes ?? null),
  corrects: /** @type {string | null} */ (data.corrects ?? null),
});

test("the same facts in any order and with repetitions give the same state", () => {
  const facts = [
    told("absent", "08:50", "1", { reason: "ill" }),
    told("checked_in", "08:40", "2"),
    told("left", "09:30", "3", { reason: "toilet" }),
    told("returned", "09:35", "4"),
    told("undone", "09:36", "5", { undoes: "4" }),
  ];
  const states = permutations(facts).map((order) => JSON.stringify(foldAttendance([...order, ...order.slice(0, 2)])));
  assert.equal(new Set(states).size, 1);
  const state = foldAttendance(facts);
  assert.deepEqual([state.status, state.event, state.checked_in_at], ["left", "3", at("08:40")]);
});

test("a check-in wins over an absence; the first one stands; undoing it lets the next stand", () => {
  const both = [
    told("checked_in", "08:45", "b", { late_min: 3 }),
    told("checked_in", "08:40", "a"),
    told("absent", "08:55", "c"),
  ];
  assert.deepEqual([foldAttendance(both).status, foldAttendance(both).event], ["present", "a"]);
  const undone = foldAttendance([...both, told("undone", "08:46", "u", { undoes: "a" })]);
  assert.deepEqual([undone.status, undone.late_min], ["late", 3]);
  const none = foldAttendance([told("checked_in", "08:40", "a"), told("undone", "08:41", "u", { undoes: "a" })]);
  assert.equal(none.status, "expected");
  const again = foldAttendance([
    told("checked_in", "08:40", "a"),
    told("undone", "08:41", "u", { undoes: "a" }),
    told("undone", "08:42", "v", { undoes: "u" }),
  ]);
  assert.equal(again.status, "present");
});

test("a correction of a correction replaces both", () => {
  const facts = [
    told("checked_in", "08:40", "1"),
    told("checked_in", "08:50", "2", { corrects: "1" }),
    told("checked_in", "08:45", "3", { corrects: "2" }),
  ];
  assert.equal(foldAttendance(facts).checked_in_at, at("08:45"));
});

test("own facts lie over the snapshot until it contains them", () => {
  const snapshot = snapshotOf();
  const waiting = fact("attendance.checked_in", "08:40");
  const key = keyOf("chinese", "a");
  assert.equal(currentStates(snapshot, [waiting]).attendance.get(key)?.status, "present");
  assert.equal(currentStates(snapshot, [waiting]).attendance.get(key)?.pending, true);
  const contained = { ...waiting, state: /** @type {const} */ ("received"), seq: 9, epoch: "e1" };
  assert.equal(currentStates(snapshot, [contained]).attendance.get(key), undefined);
  const restored = { ...contained, epoch: "e0" };
  assert.equal(currentStates(snapshot, [restored]).attendance.get(key)?.status, "present");
  const aside = { ...waiting, state: /** @type {const} */ ("quarantined") };
  assert.equal(currentStates(snapshot, [aside]).attendance.get(key), undefined);
  assert.equal(currentStates(snapshot, [{ ...waiting, window: "2023" }]).attendance.get(key), undefined);
});

test("an undo of what the snapshot shows takes effect before the server has it", () => {
  const snapshot = snapshotOf();
  snapshot.states.attendance.push({
    student: "a",
    session: "chinese",
    room: "01",
    status: "left",
    late_min: null,
    reason: "toilet",
    checked_in_at: iso("08:40"),
    by: "Wang",
    provisional: false,
    event: "left-1",
    flags: [],
  });
  const undo = fact("attendance.undone", "09:40", { data: { undoes: "left-1" } });
  const row = currentStates(snapshot, [undo]).attendance.get(keyOf("chinese", "a"));
  assert.deepEqual([row?.status, row?.by], ["present", "Wang"]);
});

test("counts leave out the exempt and count who came", () => {
  const snapshot = snapshotOf();
  const { attendance } = currentStates(snapshot, [
    fact("attendance.checked_in", "08:40"),
    fact("attendance.absent", "09:00", { student: "b", data: { reason: "ill" } }),
  ]);
  assert.deepEqual(countsOf(snapshot, attendance, "chinese", "01"), { expected: 2, present: 1, absent: 1, open: 0 });
});

const chinese = () => /** @type {import("../../static/phone/types.js").Session} */ (snapshotOf().sessions[0]);
/** @param {string} kind @param {string} time @param {string} id @param {object} [more] */
const said = (kind, time, id, more = {}) => ({ id, kind: `sitting.${kind}`, at: iso(time), ...more });

test("the lawful end is start, planned duration and pauses; deviations are whole minutes towards the plan", () => {
  const facts = [
    said("started", "09:04", "1"),
    said("paused", "09:30", "2"),
    said("resumed", "09:42", "3"),
    said("ended", "10:36", "4"),
  ];
  for (const order of permutations(facts)) {
    const sitting = foldSitting([...order, facts[0] ?? said("started", "09:04", "1")], chinese(), "01");
    assert.equal(sitting.state, "ended");
    assert.equal(sitting.lawful_end_at, iso("10:36"));
    assert.deepEqual([sitting.start_deviation_min, sitting.end_deviation_min, sitting.paused_s], [4, 0, 720]);
  }
});

test("a pause goes on until somebody goes on or ends; corrected facts do not count", () => {
  const paused = foldSitting([said("started", "09:00", "1"), said("paused", "09:30", "2")], chinese(), "01");
  assert.deepEqual([paused.state, paused.paused_at], ["paused", iso("09:30")]);
  assert.equal(lawfulEndWhenResumed(chinese(), paused, at("09:40")), at("10:30"));
  const corrected = foldSitting(
    [said("started", "09:20", "1"), said("started", "09:02", "2", { corrects: "1" })],
    chinese(),
    "01",
  );
  assert.equal(corrected.started_at, iso("09:02"));
  const taken = foldSitting(
    [said("started", "09:20", "1"), said("undone", "09:21", "2", { undoes: "1" })],
    chinese(),
    "01",
  );
  assert.equal(taken.state, "planned");
  assert.equal(foldSitting([said("sealed", "10:40", "1")], chinese(), "01").state, "sealed");
});

test("an open-ended session has no lawful end and needs no reason to end", () => {
  const session = { ...chinese(), ends_at: null };
  const sitting = foldSitting([said("started", "09:00", "1")], session, "01");
  assert.equal(sitting.lawful_end_at, null);
  assert.deepEqual(planCheck("sitting.ended", session, sitting, at("12:00"), {}), {
    minutes: null,
    needsReason: false,
  });
});

test("outside the tolerance a reason is asked, and always for a pause", () => {
  const { policies } = snapshotOf();
  const check = (/** @type {string} */ time) => planCheck("sitting.started", chinese(), null, at(time), policies);
  assert.deepEqual(check("09:05"), { minutes: 5, needsReason: false });
  assert.deepEqual(check("09:06"), { minutes: 6, needsReason: true });
  assert.deepEqual(check("08:50"), { minutes: -10, needsReason: true });
  assert.equal(planCheck("sitting.paused", chinese(), null, at("09:10"), policies).needsReason, true);
});

test("each state has one next action", () => {
  const next = /** @type {const} */ (["planned", "running", "paused", "ended", "sealed"]).map(
    (state) => nextAction(state)?.kind,
  );
  assert.deepEqual(next, ["sitting.started", "sitting.ended", "sitting.resumed", "sitting.sealed", undefined]);
  assert.equal(plannedSitting(chinese(), "01").state, "planned");
});

test("the Now card follows the day", () => {
  const snapshot = snapshotOf();
  const may = () => true;
  /** @param {string} time @param {ReturnType<typeof fact>[]} [facts] */
  const card = (time, facts = []) => {
    const now = nowCard({ snapshot, current: currentStates(snapshot, facts), room: "01", nowMs: at(time), may });
    return [now.session?.code, now.action, now.opens];
  };
  const inAll = [fact("attendance.checked_in", "08:40"), fact("attendance.checked_in", "08:41", { student: "b" })];
  const started = fact("sitting.started", "09:00");
  const ended = fact("sitting.ended", "10:20");
  const sealed = fact("sitting.sealed", "10:35");
  assert.deepEqual(card("07:50"), ["chinese", "Look at the list", "check-in"]);
  assert.deepEqual(card("08:30"), ["chinese", "Check in students", "check-in"]);
  assert.deepEqual(card("08:45", inAll), ["chinese", "Note the start", "sitting"]);
  assert.deepEqual(card("08:59"), ["chinese", "Note the start", "sitting"]);
  assert.deepEqual(card("09:30", [...inAll, started]), ["chinese", "Note the end", "sitting"]);
  assert.deepEqual(card("10:22", [...inAll, started, ended]), ["chinese", "Note the sealing", "sitting"]);
  assert.deepEqual(card("10:36", [...inAll, started, ended, sealed]), ["maths", "Check in students", "check-in"]);
  assert.deepEqual(card("23:00"), [undefined, "Report: nothing happened", "nil"]);
});

test("a room without a right sees no button that cannot work", () => {
  const snapshot = snapshotOf();
  const now = nowCard({
    snapshot,
    current: currentStates(snapshot, []),
    room: "01",
    nowMs: at("08:30"),
    may: () => false,
  });
  assert.equal(now.action, null);
});

test("sessions of a room are those of its grade; what was never noted is named", () => {
  const snapshot = snapshotOf();
  const sessions = sessionsOf(snapshot, "01");
  assert.deepEqual(
    sessions.map(({ code }) => code),
    ["chinese", "maths"],
  );
  assert.deepEqual(
    unfinished(sessions, () => undefined, at("11:00")).map(({ code }) => code),
    ["chinese"],
  );
  assert.equal(sessionNow(sessions, () => undefined, at("11:00"))?.code, "maths");
});

test("what was heard over the telephone stands until the phone says it; a phone in the box until it is back", () => {
  const [session] = snapshotOf().sessions;
  assert.ok(session);
  const said = { present: 28, absent: 2, started_at: iso("09:03"), ended_at: null, incidents: false, beyond: [] };
  const spoken = { id: "1", kind: "sitting.spoken", at: iso("09:20"), spoken: said };
  const boxed = { id: "2", kind: "sitting.phone_boxed", at: iso("08:55") };
  const heard = foldSitting([spoken, boxed], session, "01");
  assert.deepEqual([heard.state, heard.started_at, heard.boxed_at], ["running", iso("09:03"), iso("08:55")]);
  const own = { id: "3", kind: "sitting.started", at: iso("09:01") };
  const back = { id: "4", kind: "sitting.phone_back", at: iso("10:30") };
  for (const order of permutations([spoken, boxed, own, back])) {
    const row = foldSitting(order, session, "01");
    assert.deepEqual([row.started_at, row.boxed_at], [iso("09:01"), null]);
  }
});
