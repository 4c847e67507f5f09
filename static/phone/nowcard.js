/**
 * What a duty has to do next, by the timetable and by what is noted already. Pure. The screen makes the answer the
 * biggest thing there.
 */
import { clockTime } from "./format.js";
import { msg } from "./i18n.js";
import { sessionName } from "./names.js";
import { mayNote, nextAction } from "./sitting.js";
import { countsOf, keyOf } from "./state.js";

/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Session} Session */
/** @typedef {import("./types.js").SittingRow} SittingRow */
/** @typedef {import("./types.js").Params} Params */
/** @typedef {"check-in" | "sitting" | "nil" | null} Where the screen that the button opens */
/**
 * @typedef {object} Now
 * @property {Session | null} session
 * @property {string} title message key: what is going on
 * @property {string} hint message key: what to hold, where to be
 * @property {string | null} action message key of the button
 * @property {Where} opens
 * @property {"neutral" | "info" | "warn" | "bad" | "good"} tone
 * @property {Params} params
 */

const MINUTE = 60_000;
/** So long before the start, starting is what comes next even when somebody has not come. */
const START_SOON_MIN = 2;
const END_SOON_MIN = 5;

/**
 * The sessions that a room sits, in the order of their start.
 * @param {Snapshot} snapshot
 * @param {string} room
 */
export function sessionsOf(snapshot, room) {
  const grade = snapshot.rooms.find((each) => each.code === room)?.grade;
  return snapshot.sessions
    .filter((session) => session.grade === grade && session.kind !== "staff_questionnaire")
    .sort((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at));
}

/**
 * The session that a room is in: the one under way, else the first whose time has not gone by.
 * @param {Session[]} sessions of one room
 * @param {(code: string) => SittingRow | undefined} sittingOf
 * @param {number} nowMs
 */
export function sessionNow(sessions, sittingOf, nowMs) {
  const open = sessions.find((session) => {
    const state = sittingOf(session.code)?.state;
    return state === "running" || state === "paused";
  });
  if (open) return open;
  return (
    sessions.find((session) => {
      const state = sittingOf(session.code)?.state ?? "planned";
      if (state === "sealed") return false;
      // Ended and not sealed stays until the next one must be got ready; never noted stays until its sealing is over.
      return nowMs < closesAt(session) || (state === "ended" && !nextIsDue(sessions, session, nowMs));
    }) ?? null
  );
}

/** @param {Session} session */
const closesAt = (session) =>
  session.sealing_until
    ? Date.parse(session.sealing_until)
    : session.ends_at
      ? Date.parse(session.ends_at) + 20 * MINUTE
      : Number.POSITIVE_INFINITY;

/**
 * @param {Session[]} sessions
 * @param {Session} session
 * @param {number} nowMs
 */
const nextIsDue = (sessions, session, nowMs) => {
  const next = sessions[sessions.indexOf(session) + 1];
  return Boolean(next && nowMs >= Date.parse(next.check_in_from));
};

/**
 * Sessions that are over by the timetable and of which something was never noted.
 * @param {Session[]} sessions
 * @param {(code: string) => SittingRow | undefined} sittingOf
 * @param {number} nowMs
 */
export const unfinished = (sessions, sittingOf, nowMs) =>
  sessions.filter(
    (session) => nowMs >= closesAt(session) && (sittingOf(session.code)?.state ?? "planned") !== "sealed",
  );

/**
 * @param {{ snapshot: Snapshot, current: import("./state.js").Current, room: string, nowMs: number,
 *   may: (action: string) => boolean }} question
 * @returns {Now}
 */
export function nowCard({ snapshot, current, room, nowMs, may }) {
  const zone = snapshot.school?.timezone ?? "Asia/Shanghai";
  const sessions = sessionsOf(snapshot, room);
  /** @param {string} code */
  const sittingOf = (code) => current.sittings.get(keyOf(code, room));
  const session = sessionNow(sessions, sittingOf, nowMs);
  if (!session) return dayOver(may);
  const sitting = sittingOf(session.code);
  const counts = countsOf(snapshot, current.attendance, session.code, room);
  const checksIn = may("attendance.note");
  const starts = Date.parse(session.starts_at);
  const minutes = Math.max(0, Math.ceil((starts - nowMs) / MINUTE));
  /** @type {Params} */
  const params = {
    session: sessionName(session),
    n: minutes,
    open: counts.open,
    late: Math.max(0, Math.floor((nowMs - starts) / MINUTE)),
    start: clockTime(starts, zone),
    from: clockTime(session.check_in_from, zone),
  };
  if (sitting && sitting.state !== "planned") return underWay(session, sitting, params, nowMs, zone, may);

  if (nowMs < Date.parse(session.check_in_from)) {
    const title = msg("%(session)s at %(start)s");
    const hint = msg("Check-in opens at %(from)s. Have the list and the sealed materials ready.");
    const action = checksIn ? msg("Look at the list") : null;
    return { session, title, hint, action, opens: checksIn ? "check-in" : null, tone: "neutral", params };
  }
  if (checksIn && counts.open > 0 && minutes > START_SOON_MIN) {
    const title = msg("Check-in: %(session)s starts in %(n)s min");
    const hint = msg("At the door, with the phone. Still to come: %(open)s");
    return { session, title, hint, action: msg("Check in students"), opens: "check-in", tone: "info", params };
  }
  if (nowMs < starts) {
    const title = msg("%(session)s starts in %(n)s min");
    const hint = msg("Materials handed out, students seated, instructions read. Note the start from the corridor.");
    return starting(session, title, hint, "info", params, may);
  }
  const title =
    params.late === 0 ? msg("%(session)s starts now") : msg("%(session)s should have started %(late)s min ago");
  const hint = msg("Note the start, also when it was earlier.");
  return starting(session, title, hint, Number(params.late) > 0 ? "warn" : "info", params, may);
}

/**
 * @param {Session} session
 * @param {string} title
 * @param {string} hint
 * @param {Now["tone"]} tone
 * @param {Params} params
 * @param {(action: string) => boolean} may
 * @returns {Now}
 */
function starting(session, title, hint, tone, params, may) {
  const allowed = may("sitting.note");
  return {
    session,
    title,
    hint,
    action: allowed ? msg("Note the start") : null,
    opens: allowed ? "sitting" : null,
    tone,
    params,
  };
}

/**
 * @param {Session} session
 * @param {SittingRow} sitting
 * @param {Params} params
 * @param {number} nowMs
 * @param {string} zone
 * @param {(action: string) => boolean} may
 * @returns {Now}
 */
function underWay(session, sitting, params, nowMs, zone, may) {
  const next = nextAction(sitting.state);
  const opens = /** @type {Where} */ (next && mayNote(next.kind, may) ? "sitting" : null);
  /** @param {string} text */
  const action = (text) => (opens ? text : null);
  if (sitting.state === "ended") {
    const hint = msg("Collect, count and seal the papers; nobody leaves with any.");
    return {
      session,
      title: msg("%(session)s has ended"),
      hint,
      action: action(msg("Note the sealing")),
      opens,
      tone: "info",
      params,
    };
  }
  if (sitting.state === "paused") {
    const more = { ...params, since: clockTime(sitting.paused_at ?? nowMs, zone) };
    const hint = msg("Paused since %(since)s. The time lost is added at the end.");
    return {
      session,
      title: msg("%(session)s is paused"),
      hint,
      action: action(msg("Go on")),
      opens,
      tone: "warn",
      params: more,
    };
  }
  const lawful = sitting.lawful_end_at ? Date.parse(sitting.lawful_end_at) : null;
  if (lawful === null) {
    const hint = msg("It ends when all are done.");
    return {
      session,
      title: msg("%(session)s is running"),
      hint,
      action: action(msg("Note the end")),
      opens,
      tone: "info",
      params,
    };
  }
  const left = Math.ceil((lawful - nowMs) / MINUTE);
  const more = { ...params, end: clockTime(lawful, zone), left: Math.max(0, left), over: Math.max(0, -left) };
  if (left <= 0) {
    const title = msg("%(session)s: the time was over at %(end)s");
    const hint = msg("Note the end, also when it was earlier.");
    return { session, title, hint, action: action(msg("Note the end")), opens, tone: "warn", params: more };
  }
  const title = msg("%(session)s runs until %(end)s");
  const hint = left <= END_SOON_MIN ? msg("%(left)s min left. Be at the room for the end.") : msg("%(left)s min left.");
  return { session, title, hint, action: action(msg("Note the end")), opens, tone: "info", params: more };
}

/**
 * @param {(action: string) => boolean} may
 * @returns {Now}
 */
function dayOver(may) {
  const allowed = may("nil_report.make");
  return {
    session: null,
    title: msg("No more sessions for this room"),
    hint: msg("If nothing went wrong, say so: that is a report too."),
    action: allowed ? msg("Report: nothing happened") : null,
    opens: allowed ? "nil" : null,
    tone: "good",
    params: {},
  };
}
