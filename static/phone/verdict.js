/**
 * The verdict on a student who stands at the door: pure, from what the phone has, so it is the same with and without a
 * network. Words, tone and shape for each case; the screen only shows them.
 */
import { clockTime } from "./format.js";
import { msg } from "./i18n.js";
import { roomName, sessionName } from "./names.js";
import { keyOf } from "./state.js";

/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Student} Student */
/** @typedef {import("./types.js").Session} Session */
/** @typedef {import("./types.js").Params} Params */
/** @typedef {import("./state.js").Current} Current */
/**
 * @typedef {"ok" | "late" | "returned" | "already_in" | "wrong_room" | "wrong_school" | "wrong_session" | "not_open"
 *   | "not_on_roster" | "unreadable" | "exempt" | "doubtful" | "gone"} Outcome
 */
/**
 * @typedef {object} Verdict
 * @property {Outcome} outcome
 * @property {"good" | "warn" | "bad" | "info"} tone
 * @property {string} icon the shape, a symbol of the sprite
 * @property {string} headline message key: what to do or what is so, in two or three words
 * @property {string} detail message key
 * @property {Params} params for both
 * @property {Student | null} student
 * @property {{ kind: string, data: Record<string, unknown> } | null} record what has to be noted for it
 * @property {boolean} anyway whether checking in is possible all the same
 */
/**
 * @typedef {object} Question
 * @property {Snapshot} snapshot
 * @property {Current} current
 * @property {Session} session
 * @property {string} room
 * @property {number} nowMs
 * @property {"scan" | "seat" | "name"} method
 */
/** What a card says: the student, or why it says nothing. @typedef {import("./card.js").Reading} Reading */

/** The server takes no more: beyond a day it is a wrong date, not a late student. */
const MOST_MINUTES = 1440;

const SIGHT = /** @type {Record<Outcome, { tone: Verdict["tone"], icon: string }>} */ ({
  ok: { tone: "good", icon: "check" },
  late: { tone: "warn", icon: "clock" },
  returned: { tone: "good", icon: "return" },
  already_in: { tone: "info", icon: "double-check" },
  wrong_room: { tone: "bad", icon: "exit" },
  wrong_school: { tone: "bad", icon: "ban" },
  wrong_session: { tone: "bad", icon: "stop" },
  not_open: { tone: "warn", icon: "clock" },
  not_on_roster: { tone: "bad", icon: "cross" },
  unreadable: { tone: "warn", icon: "warning" },
  exempt: { tone: "info", icon: "dash" },
  doubtful: { tone: "bad", icon: "warning" },
  gone: { tone: "bad", icon: "stop" },
});

/**
 * @param {Outcome} outcome
 * @param {string} headline
 * @param {string} detail
 * @param {Params} params
 * @param {Partial<Verdict>} [more]
 * @returns {Verdict}
 */
const verdict = (outcome, headline, detail, params, more) => ({
  outcome,
  ...SIGHT[outcome],
  headline,
  detail,
  params,
  student: null,
  record: null,
  anyway: false,
  ...more,
});

/**
 * @param {string} outcome
 * @param {string} [card] hash of what was read
 */
const turnedAway = (outcome, card) => ({
  kind: "attendance.turned_away",
  data: card ? { outcome, card } : { outcome },
});

/**
 * Name of the county's school that a card belongs to, or null. The snapshot holds the beginnings of their hashes.
 * @param {string} hash
 * @param {Snapshot} snapshot
 */
function schoolOf(hash, snapshot) {
  const beginning = hash.slice(0, 10);
  const found = Object.entries(snapshot.foreign_cards ?? {}).find(([, cards]) => cards.includes(beginning));
  return found ? (snapshot.schools.find((each) => each.code === found[0])?.name ?? found[0]) : null;
}

/**
 * The verdict on a card.
 * @param {Reading} reading
 * @param {Question} question
 * @returns {Verdict}
 */
export function judgeCard(reading, question) {
  const { snapshot } = question;
  if (reading.kind === "unreadable") {
    const detail = msg("This is none of our cards. Take the seat number or the name below.");
    const record = turnedAway("unreadable", reading.hash);
    return verdict("unreadable", msg("Cannot read this"), detail, {}, { record });
  }
  if (reading.kind === "other_school") {
    const record = turnedAway("wrong_school", reading.hash);
    const detail = msg("This student belongs to %(school)s. Call the chief monitor.");
    return verdict("wrong_school", msg("Another school"), detail, { school: reading.school }, { record });
  }
  const student = snapshot.students.find((each) => each.card === reading.hash);
  if (!student) {
    const elsewhere = schoolOf(reading.hash, snapshot);
    if (elsewhere) return judgeCard({ kind: "other_school", hash: reading.hash, school: elsewhere }, question);
    const record = turnedAway("not_on_roster", reading.hash);
    const detail = msg("This card is not on this school's list. Nobody can be added: call the chief monitor.");
    return verdict("not_on_roster", msg("Not on the list"), detail, {}, { record });
  }
  return judgeStudent(student, question);
}

/**
 * The verdict on a student whom a card, a seat number or a name gave.
 * @param {Student} student
 * @param {Question} question
 * @returns {Verdict}
 */
export function judgeStudent(student, question) {
  const { snapshot, current, session, room, nowMs, method } = question;
  const zone = snapshot.school?.timezone ?? "Asia/Shanghai";
  const home = snapshot.rooms.find((each) => each.code === student.room);
  /** @type {Params} */
  const params = {
    name: student.name,
    seat: student.seat,
    room: roomName(home) || student.room,
    session: sessionName(session),
  };
  const row = current.attendance.get(keyOf(session.code, student.code));

  if (home && home.grade !== session.grade) {
    const detail = msg("%(name)s is not expected in %(session)s. Send to %(room)s, seat %(seat)s.");
    const record = turnedAway("wrong_session", student.card);
    return verdict("wrong_session", msg("Not this session"), detail, params, { student, record });
  }
  if (student.room !== room) {
    const detail = msg("%(name)s sits in %(room)s, seat %(seat)s. Send there.");
    const record = turnedAway("wrong_room", student.card);
    return verdict("wrong_room", msg("Another room: %(room)s"), detail, params, { student, record });
  }
  if ((row?.status ?? (student.exempt ? "exempt" : "expected")) === "exempt") {
    const detail = msg("%(name)s, seat %(seat)s, need not take part: %(reason)s");
    const because = student.exempt ?? row?.reason ?? "";
    return verdict("exempt", msg("Exempt"), detail, { ...params, reason: because }, { student, anyway: true });
  }
  switch (row?.status) {
    case "left": {
      const record = { kind: "attendance.returned", data: {} };
      return verdict("returned", msg("Is back"), msg("%(name)s, seat %(seat)s, is back."), params, { student, record });
    }
    case "withdrawn":
    case "refused":
      return verdict("gone", msg("Had gone"), goneWords(row.status), params, { student });
    case "present":
    case "late":
    case "returned":
      return alreadyIn(student, row, params, zone);
    default:
      break;
  }
  if (nowMs < Date.parse(session.check_in_from)) {
    const detail = msg("Check-in for %(session)s opens at %(time)s. %(name)s, seat %(seat)s, was not checked in.");
    const time = clockTime(session.check_in_from, zone);
    return verdict("not_open", msg("Not open yet"), detail, { ...params, time }, { student, anyway: true });
  }
  return checkIn(student, question, params, method);
}

/** @param {"withdrawn" | "refused"} status */
const goneWords = (status) =>
  status === "withdrawn"
    ? msg("%(name)s, seat %(seat)s, had left unfinished. Undo that first if it was wrong.")
    : msg("%(name)s, seat %(seat)s, had refused. Undo that first if it was wrong.");

/**
 * @param {Student} student
 * @param {import("./state.js").Attendance} row
 * @param {Params} params
 * @param {string} zone
 */
function alreadyIn(student, row, params, zone) {
  const time = row.checked_in_at ? clockTime(row.checked_in_at, zone) : "";
  const known = row.by
    ? msg("%(name)s, seat %(seat)s, since %(time)s, by %(by)s.")
    : msg("%(name)s, seat %(seat)s, since %(time)s.");
  return verdict("already_in", msg("Already in"), known, { ...params, time, by: row.by ?? "" }, { student });
}

/**
 * Minutes after the session began, as it did begin where that is known. Zero while there is still time.
 * @param {Session} session
 * @param {import("./types.js").SittingRow | undefined} sitting
 * @param {number} nowMs
 */
export function lateMinutes(session, sitting, nowMs) {
  const begin = Date.parse(sitting?.started_at ?? session.starts_at);
  return Math.min(MOST_MINUTES, Math.max(0, Math.floor((nowMs - begin) / 60_000)));
}

/**
 * @param {Student} student
 * @param {Question} question
 * @param {Params} params
 * @param {Question["method"]} method
 * @param {number} [saidLate] minutes late as the monitor says, instead of what the clock gives
 * @returns {Verdict}
 */
export function checkIn(student, question, params, method, saidLate) {
  const { snapshot, current, session, room, nowMs } = question;
  const late = saidLate ?? lateMinutes(session, current.sittings.get(keyOf(session.code, room)), nowMs);
  if (late === 0) {
    const record = { kind: "attendance.checked_in", data: { method } };
    return verdict("ok", msg("Checked in"), msg("Seat %(seat)s · %(name)s"), params, { student, record });
  }
  const cutOff = snapshot.policies.late_cut_off_min?.value ?? Number.POSITIVE_INFINITY;
  const record = { kind: "attendance.checked_in", data: { method, late_min: late } };
  const detail =
    late > cutOff
      ? msg("Seat %(seat)s · %(name)s. Later than the %(limit)s min allowed: tell the chief monitor.")
      : msg("Seat %(seat)s · %(name)s. Let in quietly.");
  const more = { ...params, n: late, limit: cutOff };
  return verdict("late", msg("Checked in, %(n)s min late"), detail, more, { student, record });
}

/**
 * The monitor doubts who stands there.
 * @param {Student} student
 * @returns {Verdict}
 */
export function doubtful(student) {
  const detail = msg("Seat %(seat)s · %(name)s. Keep apart and call the chief monitor.");
  const record = turnedAway("doubtful", student.card);
  const params = { name: student.name, seat: student.seat };
  return verdict("doubtful", msg("Identity doubtful"), detail, params, { student, record });
}
