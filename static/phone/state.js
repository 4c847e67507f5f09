/**
 * What is true now, as this phone knows it: the states of the snapshot with the phone's own facts on top. A pure fold:
 * sorted by corrected time and id, so the order in which facts arrived never matters. It follows the rules of the
 * server's fold (fieldops/testday/facts.py); where the two differ for a moment, the next snapshot settles it.
 */
import { foldSitting } from "./sitting.js";
import { standing } from "./standing.js";

/** @typedef {import("./types.js").AttendanceRow} AttendanceRow */
/** @typedef {import("./types.js").SittingRow} SittingRow */
/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Fact} Fact */
/** @typedef {import("./types.js").Status} Status */
/** @typedef {import("./standing.js").Told & { by: string | null, data: Record<string, unknown> }} Told */

/** @typedef {AttendanceRow & { pending: boolean }} Attendance `pending`: the server has not named all of its facts yet */
/**
 * @typedef {object} Current
 * @property {Map<string, Attendance>} attendance by `session/student`
 * @property {Map<string, SittingRow>} sittings by `session/room`
 */

/** @param {string} session @param {string} code student or room */
export const keyOf = (session, code) => `${session}/${code}`;

/**
 * When a fact happened, in the window's clock.
 * @param {Fact} fact
 */
export const momentOf = (fact) => Date.parse(fact.event.occurred_at) + fact.event.offset_ms;

/**
 * Minutes between when something happened and when it was written, when the window calls that a late entry; else 0.
 * @param {Snapshot} snapshot
 * @param {number} happenedMs
 * @param {number} writtenMs
 */
export function lateBy(snapshot, happenedMs, writtenMs) {
  const minutes = (writtenMs - happenedMs) / 60_000;
  return minutes > (snapshot.policies.late_entry_after_min?.value ?? 2) ? Math.floor(minutes) : 0;
}

/**
 * Whether the snapshot already contains a fact of the outbox. A snapshot of another epoch (a restored backup) says
 * nothing about facts that were received before.
 * @param {Fact} fact
 * @param {Snapshot} snapshot
 */
export function inSnapshot(fact, snapshot) {
  return (
    fact.state === "received" && fact.seq !== null && fact.seq <= snapshot.seq && fact.epoch === snapshot.server_epoch
  );
}

/**
 * The facts that still have to be laid over the snapshot: not in it yet, of the same window, and understood.
 * @param {Snapshot} snapshot
 * @param {Fact[]} facts
 */
export function overlay(snapshot, facts) {
  return facts.filter(
    (fact) =>
      fact.state !== "quarantined" &&
      fact.outcome !== "conflict" &&
      fact.window === snapshot.window.code &&
      !inSnapshot(fact, snapshot),
  );
}

/** What a fact that somebody was there to cause makes of a status. */
const MOVES = /** @type {Record<string, Status>} */ ({
  "attendance.left": "left",
  "attendance.returned": "returned",
  "attendance.withdrawn": "withdrawn",
  "attendance.refused": "refused",
});
const SEEN = new Set(["attendance.checked_in", "attendance.left", "attendance.returned", "attendance.withdrawn"]);

/**
 * The state of one student in one session. A student who was seen is there, whoever noted an absence and whenever it
 * arrived; the first check-in by corrected time stands; after that the latest fact says where the student is.
 * @param {Told[]} told all facts of the student in the session, in any order and with repetitions
 * @returns {{ status: Status, late_min: number | null, reason: string | null, checked_in_at: number | null,
 *   by: string | null, event: string | null }} `event`: the fact that gives the status, which an undo names
 */
export function foldAttendance(told) {
  const facts = standing(told).filter((fact) => fact.kind !== "attendance.undone");
  const last = facts.at(-1);
  if (!last) return { status: "expected", late_min: null, reason: null, checked_in_at: null, by: null, event: null };
  const checkIn = facts.find((fact) => fact.kind === "attendance.checked_in");
  let { status, deciding } = decide(facts, last);
  const lateMin = typeof checkIn?.data.late_min === "number" ? checkIn.data.late_min : 0;
  if (status === "present" && lateMin > 0) status = "late";
  const reason = text(deciding.data.reason);
  return {
    status,
    late_min: lateMin || null,
    reason: deciding.kind === "attendance.absent" ? (reason ?? "not_seen") : reason,
    checked_in_at: checkIn?.at ?? null,
    by: (checkIn ?? deciding).by,
    event: deciding.id,
  };
}

/**
 * @param {Told[]} facts those that stand, in order
 * @param {Told} last
 * @returns {{ status: Status, deciding: Told }}
 */
function decide(facts, last) {
  const seen = facts.find((fact) => SEEN.has(fact.kind));
  if (!seen) return { status: last.kind === "attendance.refused" ? "refused" : "absent", deciding: last };
  /** @type {Status} */
  let status = "expected";
  let deciding = seen;
  for (const fact of facts) {
    if (fact.kind === "attendance.absent") continue;
    if (fact.kind === "attendance.checked_in") {
      if (status === "present" || status === "returned") continue;
      // Another phone, which did not know of the leaving, read the card at the door.
      status = status === "left" ? "returned" : "present";
    } else {
      status = MOVES[fact.kind] ?? status;
    }
    deciding = fact;
  }
  return { status, deciding };
}

/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : null);

/**
 * A row of the snapshot as the facts that it must have come from, so that own facts can be folded together with it.
 * Only the check-in's time is known; a later movement is put right behind it.
 * @param {AttendanceRow} row
 * @returns {Told[]}
 */
function toldBy(row) {
  /** @type {Told[]} */
  const told = [];
  const key = keyOf(row.session, row.student);
  const id = row.event ?? `snapshot/${key}`;
  const inAt = row.checked_in_at ? Date.parse(row.checked_in_at) : null;
  const kind = /** @type {Record<string, string>} */ ({
    absent: "attendance.absent",
    refused: "attendance.refused",
    left: "attendance.left",
    returned: "attendance.returned",
    withdrawn: "attendance.withdrawn",
  })[row.status];
  if (inAt !== null) {
    const data = row.late_min ? { late_min: row.late_min } : {};
    told.push({ id: kind ? `snapshot/${key}` : id, kind: "attendance.checked_in", at: inAt, by: row.by, data });
  }
  if (kind) {
    const data = row.reason ? { reason: row.reason } : {};
    told.push({ id, kind, at: inAt === null ? 0 : inAt + 1, by: row.by, data });
  }
  return told;
}

/**
 * @param {Fact} fact
 * @returns {Told}
 */
const toldBySelf = (fact) => ({
  id: fact.id,
  kind: fact.event.kind,
  at: momentOf(fact),
  by: fact.by,
  data: fact.event.data,
  corrects: text(fact.event.data.corrects),
  undoes: text(fact.event.data.undoes),
});

/**
 * @param {Snapshot} snapshot
 * @param {Fact[]} facts everything in the outbox
 * @returns {Current}
 */
export function currentStates(snapshot, facts) {
  const own = overlay(snapshot, facts);
  return { attendance: attendanceOf(snapshot, own), sittings: sittingsOf(snapshot, own) };
}

/**
 * @param {Snapshot} snapshot
 * @param {Fact[]} own
 */
function attendanceOf(snapshot, own) {
  /** @type {Map<string, Attendance>} */
  const rows = new Map();
  for (const row of snapshot.states.attendance) {
    rows.set(keyOf(row.session, row.student), { ...row, pending: false });
  }
  /** @type {Map<string, Fact[]>} */
  const groups = new Map();
  for (const fact of own) {
    const { session, student, kind } = fact.event;
    if (!session || !student || !kind.startsWith("attendance.") || kind === "attendance.turned_away") continue;
    const key = keyOf(session, student);
    groups.set(key, [...(groups.get(key) ?? []), fact]);
  }
  for (const [key, group] of groups) {
    const base = rows.get(key);
    const first = /** @type {Fact} */ (group[0]);
    const folded = foldAttendance([...(base ? toldBy(base) : []), ...group.map(toldBySelf)]);
    rows.set(key, {
      student: /** @type {string} */ (first.event.student),
      session: /** @type {string} */ (first.event.session),
      room: base?.room ?? first.event.room,
      status: folded.status,
      late_min: folded.late_min,
      reason: folded.reason,
      checked_in_at: folded.checked_in_at === null ? null : new Date(folded.checked_in_at).toISOString(),
      by: folded.by,
      provisional: folded.status === "absent",
      event: folded.event,
      flags: flagsOf(snapshot, base?.flags ?? [], group),
      pending: group.some((fact) => fact.state !== "received"),
    });
  }
  return rows;
}

/**
 * The server's flags, and the one that the phone can tell by itself.
 * @param {Snapshot} snapshot
 * @param {string[]} flags
 * @param {Fact[]} own
 */
function flagsOf(snapshot, flags, own) {
  const late = own.some(({ event }) => lateBy(snapshot, Date.parse(event.occurred_at), Date.parse(event.recorded_at)));
  return late && !flags.includes("late_entry") ? [...flags, "late_entry"] : flags;
}

/**
 * @param {Snapshot} snapshot
 * @param {Fact[]} own
 */
function sittingsOf(snapshot, own) {
  /** @type {Map<string, SittingRow>} */
  const rows = new Map(snapshot.states.sittings.map((row) => [keyOf(row.session, row.room), row]));
  /** @type {Map<string, Fact[]>} */
  const groups = new Map();
  for (const fact of own) {
    const { session, room, kind } = fact.event;
    if (!session || !room || !kind.startsWith("sitting.")) continue;
    const key = keyOf(session, room);
    groups.set(key, [...(groups.get(key) ?? []), fact]);
  }
  for (const [key, group] of groups) {
    const base = rows.get(key);
    const { session: code, room } = /** @type {Fact} */ (group[0]).event;
    const session = snapshot.sessions.find((each) => each.code === code);
    if (!session || !room) continue;
    const mine = group.map((fact) => ({
      id: fact.id,
      kind: fact.event.kind,
      at: new Date(momentOf(fact)).toISOString(),
      recorded_at: new Date(Date.parse(fact.event.recorded_at) + fact.event.offset_ms).toISOString(),
      corrects: text(fact.event.data.corrects),
      undoes: text(fact.event.data.undoes),
      reason: text(fact.event.data.reason),
      by: fact.by,
      pending: fact.state !== "received",
    }));
    rows.set(key, foldSitting([...(base?.facts ?? []), ...mine], session, room, base));
  }
  return rows;
}

/**
 * How many of a room's students are where, for one session.
 * @param {Snapshot} snapshot
 * @param {Map<string, Attendance>} attendance
 * @param {string} session
 * @param {string} room
 */
export function countsOf(snapshot, attendance, session, room) {
  const counts = { expected: 0, present: 0, absent: 0, open: 0 };
  for (const student of snapshot.students) {
    if (student.room !== room) continue;
    const status = attendance.get(keyOf(session, student.code))?.status ?? (student.exempt ? "exempt" : "expected");
    if (status === "exempt") continue;
    counts.expected += 1;
    if (status === "expected") counts.open += 1;
    else if (status === "absent" || status === "refused") counts.absent += 1;
    else counts.present += 1;
  }
  return counts;
}
