/**
 * What somebody with the whole school has to do next: the chief monitor and those around. Pure, like `nowcard.js`, which
 * is for one room. It says who should be where in the next ten minutes, by the timetable and by what is noted.
 */
import { clockTime } from "./format.js";
import { msg } from "./i18n.js";
import { roomName, sessionName } from "./names.js";
import { sessionNow, sessionsOf } from "./nowcard.js";
import { countsOf, keyOf } from "./state.js";

/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Room} Room */
/** @typedef {"before" | "check-in" | "start" | "running" | "paused" | "end" | "sealing" | "over"} Phase */
/** @typedef {{ room: Room, session: import("./types.js").Session | null, phase: Phase, open: number, end: number | null }} RoomNow */
/**
 * @typedef {object} SchoolNow
 * @property {Phase} phase what matters most in the school now
 * @property {string} title
 * @property {string} hint
 * @property {"neutral" | "info" | "warn" | "bad" | "good"} tone
 * @property {string | null} action message key of the button
 * @property {"board" | "rooms" | "nil" | null} opens
 * @property {string[]} late names of rooms that should have started
 * @property {number} incidents open ones
 * @property {import("./types.js").Params} params
 */

const MINUTE = 60_000;
/** So long before its end a room is what comes next, and stays so until the end is noted. */
const END_SOON_MIN = 5;
/** What matters most first: what is late, then what is next. @type {Phase[]} */
const PHASES = ["start", "paused", "end", "check-in", "sealing", "running", "before", "over"];
const CLOSED = new Set(["closed", "cancelled", "merged", "resolved"]);

/** @type {Record<string, Record<Phase, string>>} what to hold, where to be, what to do in the next ten minutes */
const HINTS = {
  chief_monitor: {
    before: msg("Until %(from)s: materials here and sealed, phones checked, everybody at their place."),
    "check-in": msg("Walk the rooms. Still to come: %(open)s students."),
    start: msg("Go to the rooms that have not started, or call them."),
    paused: msg("Go to the room that is paused; the time lost is added at its end."),
    end: msg("Go to the rooms that run past their time, or call them, until each end is noted."),
    sealing: msg("Papers are counted and sealed in the room; make the absences final on the board."),
    running: msg("Stay at the on-site office, with the telephone. Nobody disturbs the rooms."),
    over: msg("Make the absences final, look at the incidents, then report that the day is done."),
  },
  timekeeper: {
    before: msg("Set your watch by this screen. Be in the corridor at %(from)s."),
    "check-in": msg("Be in the corridor with the bell; the start signal is at %(start)s."),
    start: msg("Give the start signal, then note the start of each room."),
    paused: msg("A room is paused: note when it goes on; its end moves by the time lost."),
    end: msg("Give the end signal, then note the end of each room."),
    sealing: msg("Note the sealing of rooms that have not said so."),
    running: msg("Be in the corridor five minutes before %(end)s for the end signal."),
    over: msg("Nothing more today. Leave your watch and bell at the office."),
  },
  custodian: {
    before: msg("Have the sealed materials ready by room; hand them out against signature by %(from)s."),
    "check-in": msg("Hand the materials to each room, seal unbroken, against signature."),
    start: msg("Keep the spare set in sight. No material leaves a room."),
    paused: msg("Papers stay in the room while it is paused."),
    end: msg("Take bags and seals to the rooms: papers are counted as soon as it ends."),
    sealing: msg("Go from room to room: count, seal, sign. Take the sealed bags with you."),
    running: msg("Stay with the store. Bags and seals for the end at %(end)s."),
    over: msg("All bags counted against the list and locked away, with the hand-over signed."),
  },
  inspector: {
    before: msg("Look at the seals of the materials and at the rooms before %(from)s."),
    "check-in": msg("Stand at the check-in: only who is on the list goes in."),
    start: msg("Look whether every room starts as the timetable says."),
    paused: msg("Look at the paused room: the students wait quietly, the papers stay."),
    end: msg("Look whether every room ends as the timetable says; nobody is given more time."),
    sealing: msg("Be there when the papers are counted and sealed."),
    running: msg("Walk the corridors; do not enter a room."),
    over: msg("See the last bag sealed and handed over; note what you saw."),
  },
  principal: {
    before: msg("Quiet in the building from %(from)s; bells and announcements off."),
    "check-in": msg("Have class teachers bring their students to the door, in the order of the seats."),
    start: msg("Keep the corridors free. Nobody goes into a room."),
    paused: msg("Ask the chief monitor what is needed: people, power, a medic."),
    end: msg("Keep the corridors quiet until the last room has ended."),
    sealing: msg("Students leave their room when it is released; let nobody in."),
    running: msg("Be within call of the on-site office until %(end)s."),
    over: msg("Thank your staff. Keep the rooms locked until the materials are gone."),
  },
  information_officer: {
    before: msg("Power, network and audio tried in every room by %(from)s; the spare phone charged."),
    "check-in": msg("Be near the rooms: phones and cards that do not work come to you."),
    start: msg("Be near the rooms for the audio and the clocks."),
    paused: msg("Power, network or audio? Be at the paused room."),
    end: msg("Be near the rooms: help phones that come out of the box to send."),
    sealing: msg("Look that every phone has sent what it keeps."),
    running: msg("Stay at the on-site office with the spare phone."),
    over: msg("Every phone says “All sent” before it leaves the school."),
  },
};

/** @type {Record<Phase, string>} */
const TITLES = {
  before: msg("Check-in for %(session)s opens at %(from)s"),
  "check-in": msg("Check-in is open: %(session)s at %(start)s"),
  start: msg("%(n)s rooms have not started: %(rooms)s"),
  paused: msg("Paused: %(rooms)s"),
  end: msg("End at %(end)s: %(rooms)s"),
  sealing: msg("Papers to be sealed: %(rooms)s"),
  running: msg("%(n)s rooms running, until %(end)s"),
  over: msg("No more sessions today"),
};
/** @type {Record<Phase, SchoolNow["tone"]>} */
const TONES = {
  before: "neutral",
  "check-in": "info",
  start: "warn",
  paused: "warn",
  end: "info",
  sealing: "info",
  running: "info",
  over: "good",
};

/**
 * @param {{ snapshot: Snapshot, current: import("./state.js").Current, nowMs: number, role: string }} question
 * @returns {SchoolNow}
 */
export function schoolCard({ snapshot, current, nowMs, role }) {
  const zone = snapshot.school?.timezone ?? "Asia/Shanghai";
  const rooms = snapshot.rooms.map((room) => roomNow(snapshot, current, room, nowMs));
  const phase = PHASES.find((each) => rooms.some((room) => room.phase === each)) ?? "over";
  const these = rooms.filter((room) => room.phase === phase);
  const soonest = these
    .filter((room) => room.session)
    .sort((a, b) => Date.parse(a.session?.starts_at ?? "") - Date.parse(b.session?.starts_at ?? ""))[0]?.session;
  const ends = these.map((room) => room.end).filter((end) => end !== null);
  const incidents = snapshot.states.incidents.filter((row) => !CLOSED.has(row.state)).length;
  const names = these.map((room) => roomName(room.room));
  const own = /** @type {Record<Phase, string>} */ (HINTS[role] ?? HINTS.principal);
  return {
    phase,
    title: TITLES[phase],
    hint: own[phase],
    tone:
      (incidents > 0 && phase === "over") || (phase === "end" && nowMs >= Math.min(...ends)) ? "warn" : TONES[phase],
    ...wayOf(role, phase),
    late: phase === "start" ? names : [],
    incidents,
    params: {
      session: soonest ? sessionName(soonest) : "",
      from: soonest ? clockTime(soonest.check_in_from, zone) : "",
      start: soonest ? clockTime(soonest.starts_at, zone) : "",
      end: ends.length > 0 ? clockTime(Math.min(...ends), zone) : "–",
      n: these.length,
      rooms: names.length > 3 ? `${names.slice(0, 3).join(", ")} …` : names.join(", "),
      open: these.reduce((sum, room) => sum + room.open, 0),
    },
  };
}

/**
 * @param {string} role @param {Phase} phase
 * @returns {{ action: string | null, opens: SchoolNow["opens"] }}
 */
function wayOf(role, phase) {
  if (role === "timekeeper") {
    if (phase === "start") return { action: msg("Note a start"), opens: "rooms" };
    if (phase === "paused") return { action: msg("Note that it goes on"), opens: "rooms" };
    if (phase === "end") return { action: msg("Note an end"), opens: "rooms" };
    if (phase === "over") return { action: msg("Report: nothing happened"), opens: "nil" };
    return { action: msg("Rooms"), opens: "rooms" };
  }
  if (role === "custodian") {
    if (phase === "sealing") return { action: msg("Note the sealing"), opens: "rooms" };
    if (phase === "over") return { action: msg("Report: nothing happened"), opens: "nil" };
    return { action: msg("Rooms"), opens: "rooms" };
  }
  return { action: msg("All rooms live"), opens: "board" };
}

/**
 * How a room stands now.
 * @param {Snapshot} snapshot
 * @param {import("./state.js").Current} current
 * @param {Room} room
 * @param {number} nowMs
 * @returns {RoomNow}
 */
function roomNow(snapshot, current, room, nowMs) {
  const sessions = sessionsOf(snapshot, room.code);
  /** @param {string} code */
  const sittingOf = (code) => current.sittings.get(keyOf(code, room.code));
  const session = sessionNow(sessions, sittingOf, nowMs);
  if (!session) return { room, session: null, phase: "over", open: 0, end: null };
  const sitting = sittingOf(session.code);
  const end = sitting?.lawful_end_at ? Date.parse(sitting.lawful_end_at) : null;
  const { open } = countsOf(snapshot, current.attendance, session.code, room.code);
  return { room, session, phase: phaseOf(session, sitting?.state ?? "planned", end, nowMs), open, end };
}

/**
 * @param {import("./types.js").Session} session
 * @param {import("./types.js").SittingState} state
 * @param {number | null} end when it may lawfully end; null: when all are done
 * @param {number} nowMs
 * @returns {Phase}
 */
function phaseOf(session, state, end, nowMs) {
  if (state === "running") return end !== null && nowMs >= end - END_SOON_MIN * MINUTE ? "end" : "running";
  if (state === "paused") return "paused";
  if (state === "ended") return "sealing";
  // A minute of grace: starts are noted from the corridor, after they happened.
  if (nowMs >= Date.parse(session.starts_at) + MINUTE) return "start";
  return nowMs < Date.parse(session.check_in_from) ? "before" : "check-in";
}
