import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedAt, checkIsDue, schoolRole } from "../../static/phone/duties.js";
import { keptOf } from "../../static/phone/kept.js";
import { browserName, judge, roomOfDuty } from "../../static/phone/readiness.js";
import { schoolCard } from "../../static/phone/schoolcard.js";
import { currentStates } from "../../static/phone/state.js";
import { at, fact, iso, snapshotOf } from "./fixtures.js";

/** @type {import("../../static/phone/readiness.js").Measured} */
const GOOD = {
  modern: true,
  kept: true,
  freeBytes: 2 ** 30,
  shell: "whole",
  offline: true,
  camera: "on",
  decodes: true,
  answered: true,
  offMs: 800,
  heard: true,
  vibrates: true,
  battery: { level: 0.8, charging: false },
};

test("a phone that has all is ready, line by line", () => {
  const { verdict, lines } = judge(GOOD);
  assert.equal(verdict, "good");
  assert.deepEqual([...new Set(lines.map((line) => line.level))], ["good"]);
  assert.equal(new Set(lines.map((line) => line.item)).size, lines.length);
  for (const line of lines) assert.match(line.item, /^[a-z_]{1,24}$/);
});

/** @type {[Partial<import("../../static/phone/readiness.js").Measured>, string, string, string][]} */
const CASES = [
  [{ modern: false }, "browser", "bad", "bad"],
  [{ kept: false }, "storage", "warn", "warn"],
  [{ kept: null }, "storage", "unknown", "good"],
  [{ freeBytes: 10 * 2 ** 20 }, "storage", "bad", "bad"],
  [{ freeBytes: null }, "storage", "good", "good"],
  [{ shell: "partly", offline: null }, "shell", "bad", "bad"],
  [{ shell: "unable", offline: null }, "offline", "unknown", "bad"],
  [{ offline: false }, "offline", "bad", "bad"],
  [{ camera: "denied" }, "camera", "warn", "warn"],
  [{ camera: "busy" }, "camera", "warn", "warn"],
  [{ decodes: false }, "decoder", "warn", "warn"],
  [{ answered: false }, "server", "warn", "warn"],
  [{ offMs: null }, "clock", "bad", "bad"],
  [{ offMs: -600_000 }, "clock", "warn", "warn"],
  [{ offMs: 119_000 }, "clock", "good", "good"],
  [{ heard: false }, "sound", "warn", "warn"],
  [{ heard: null }, "sound", "unknown", "good"],
  [{ vibrates: false }, "vibration", "unknown", "good"],
  [{ battery: null }, "battery", "unknown", "good"],
  [{ battery: { level: 0.1, charging: false } }, "battery", "warn", "warn"],
  [{ battery: { level: 0.1, charging: true } }, "battery", "good", "good"],
];
for (const [found, item, level, verdict] of CASES) {
  test(`${JSON.stringify(found)} is ${level}`, () => {
    const judged = judge({ ...GOOD, ...found });
    const line = judged.lines.find((each) => each.item === item);
    assert.equal(line?.level, level);
    assert.equal(judged.verdict, verdict);
    // Whoever reads it knows what to do.
    if (level === "warn" || level === "bad") assert.ok(line?.todo);
  });
}

test("a browser is named as coarsely as helps", () => {
  const chrome =
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/128.0.0.0 Mobile Safari/537.36";
  const iphone =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
  assert.equal(browserName(chrome), "Chrome 128 · Android");
  assert.equal(browserName(iphone), "Safari 17 · iOS");
  assert.equal(browserName(`${chrome} MicroMessenger/8.0.50`), "WeChat 8 · Android");
  assert.equal(browserName(`${chrome} EdgA/127.0`), "Edge 127 · Android");
  assert.equal(browserName(""), "");
});

test("a check holds for a day, and only on the phone that was checked", () => {
  const check = fact("phone.checked", "07:00");
  assert.equal(checkedAt([check], "d1"), at("07:00"));
  assert.equal(checkedAt([check], "d2"), null);
  assert.equal(checkedAt([{ ...check, state: "quarantined" }], "d1"), null);
  assert.equal(checkIsDue(null, at("08:00")), true);
  assert.equal(checkIsDue(at("07:00"), at("08:00")), false);
  assert.equal(checkIsDue(at("07:00"), at("08:00") + 86_400_000), true);
  assert.equal(checkIsDue(at("07:00") + 2 * 86_400_000, at("08:00")), true); // the rehearsal's clock was set back
});

test("the check is noted where the duty reaches", () => {
  const duty = { role: "monitor", place: "441823/4418230101/02", level: "room", actions: ["phone.use"] };
  const school = { role: "chief_monitor", place: "441823/4418230101", level: "school", actions: ["phone.use"] };
  assert.equal(roomOfDuty([duty]), "02");
  assert.equal(roomOfDuty([duty, school]), null);
  assert.equal(roomOfDuty([{ ...duty, actions: [] }]), null);
});

test("what the phone keeps is told without what goes along", () => {
  const facts = [
    fact("sitting.started", "09:00", { state: "waiting" }),
    fact("sitting.ended", "10:20", { state: "unconfirmed" }),
    fact("sitting.sealed", "10:40", { state: "received" }),
  ];
  const last = Math.max(...facts.map((each) => each.device_seq));
  const kept = keptOf(facts, "d1", facts.slice(0, 1), 5);
  assert.deepEqual(kept, { waiting: 0, unconfirmed: 1, last_seq: last, offset_ms: 5 });
  assert.deepEqual(keptOf(facts, "d2", [], 0), { waiting: 0, unconfirmed: 0, last_seq: 0, offset_ms: 0 });
});

// --- a day of the school -------------------------------------------------------------------------------------------

const DUTIES = ["chief_monitor", "timekeeper", "custodian", "inspector", "principal", "information_officer"];

/** Grade 4 alone: two rooms, Chinese and mathematics. */
function grade4() {
  const snapshot = snapshotOf();
  snapshot.rooms = snapshot.rooms.filter((room) => room.grade === 4);
  return snapshot;
}

/** @param {string} kind @param {string} time @param {string} room @param {string} [session] */
const sitting = (kind, time, room, session = "chinese") => fact(`sitting.${kind}`, time, { room, session });

const DAY = [
  sitting("started", "09:00", "01"),
  sitting("started", "09:06", "02"),
  sitting("paused", "09:30", "02"),
  sitting("resumed", "09:35", "02"),
  sitting("ended", "10:20", "01"),
  sitting("ended", "10:31", "02"),
  sitting("sealed", "10:35", "01"),
  sitting("sealed", "10:40", "02"),
  ...["01", "02"].flatMap((room) => [
    sitting("started", "10:50", room, "maths"),
    sitting("ended", "12:10", room, "maths"),
    sitting("sealed", "12:25", room, "maths"),
  ]),
];
/** @type {[string, import("../../static/phone/schoolcard.js").Phase, string, string][]} time, phase, rooms, tone */
const TIMES = [
  ["07:30", "before", "Room 1, Room 2", "neutral"],
  ["08:25", "check-in", "Room 1, Room 2", "info"],
  ["09:00", "check-in", "Room 2", "info"],
  ["09:03", "start", "Room 2", "warn"],
  ["09:10", "running", "Room 1, Room 2", "info"],
  ["09:32", "paused", "Room 2", "warn"],
  ["10:16", "end", "Room 1", "info"],
  ["10:25", "sealing", "Room 1", "info"],
  ["10:27", "end", "Room 2", "info"],
  ["10:32", "sealing", "Room 1, Room 2", "info"],
  ["10:45", "check-in", "Room 1, Room 2", "info"],
  ["11:00", "running", "Room 1, Room 2", "info"],
  ["12:08", "end", "Room 1, Room 2", "info"],
  ["12:15", "sealing", "Room 1, Room 2", "info"],
  ["12:40", "over", "Room 1, Room 2", "good"],
];
for (const [time, phase, rooms, tone] of TIMES) {
  test(`at ${time} the school is ${phase}, and every duty is told its own`, () => {
    const snapshot = grade4();
    const facts = DAY.filter((each) => Date.parse(each.event.occurred_at) <= at(time));
    const current = currentStates(snapshot, facts);
    const cards = DUTIES.map((role) => schoolCard({ snapshot, current, nowMs: at(time), role }));
    for (const card of cards) {
      assert.equal(card.phase, phase);
      assert.equal(card.params.rooms, rooms);
      assert.equal(card.tone, tone);
      assert.ok(card.action);
    }
    assert.equal(new Set(cards.map((card) => card.hint)).size, DUTIES.length);
  });
}

test("a room that runs past its time stays the next thing, aloud, until its end is noted", () => {
  const snapshot = grade4();
  const facts = DAY.filter(
    (each) => ["01", "02"].includes(each.event.room ?? "") && each.event.kind === "sitting.started",
  );
  const current = currentStates(
    snapshot,
    facts.filter((each) => each.event.session === "chinese"),
  );
  for (const [time, phase, tone] of [
    ["10:14", "running", "info"],
    ["10:15", "end", "info"],
    ["10:20", "end", "warn"],
    ["10:45", "end", "warn"],
  ]) {
    const card = schoolCard({ snapshot, current, nowMs: at(String(time)), role: "timekeeper" });
    assert.deepEqual([card.phase, card.tone], [phase, tone], time);
    assert.equal(card.params.end, phase === "end" ? "10:20" : card.params.end);
  }
});

test("the buttons lead where the duty can do something", () => {
  const snapshot = grade4();
  /** @param {string} role @param {string} time */
  const opens = (role, time) => {
    const facts = DAY.filter((each) => Date.parse(each.event.occurred_at) <= at(time));
    return schoolCard({ snapshot, current: currentStates(snapshot, facts), nowMs: at(time), role }).opens;
  };
  assert.equal(opens("chief_monitor", "09:03"), "board");
  assert.equal(opens("timekeeper", "09:03"), "rooms");
  assert.equal(opens("timekeeper", "10:16"), "rooms");
  assert.equal(opens("custodian", "10:32"), "rooms");
  assert.equal(opens("custodian", "12:40"), "nil");
});

test("open incidents are counted; closed ones are not", () => {
  const snapshot = grade4();
  const row = { id: "i", room: null, session: null, category: "power", severity: "minor", level: "school" };
  snapshot.states.incidents = /** @type {any[]} */ (
    ["open", "closed", "acknowledged", "cancelled"].map((state) => ({
      ...row,
      state,
      reported_at: iso("09:00"),
      version: 1,
    }))
  );
  const card = schoolCard({ snapshot, current: currentStates(snapshot, []), nowMs: at("08:00"), role: "principal" });
  assert.equal(card.incidents, 2);
});

test("who belongs to a room gets the card of the room", () => {
  /** @param {...string} roles */
  const duties = (...roles) => roles.map((role) => ({ role, place: "", level: "school", actions: [] }));
  assert.equal(schoolRole(duties("monitor")), null);
  assert.equal(schoolRole(duties("monitor", "timekeeper")), null);
  assert.equal(schoolRole(duties("monitor", "chief_monitor")), "chief_monitor");
  assert.equal(schoolRole(duties("principal", "custodian")), "custodian");
  assert.equal(schoolRole(duties("desk")), null);
});
