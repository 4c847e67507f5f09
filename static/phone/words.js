/** The field's words for what the server names by a code. Message keys; shapes and tones are those of the design system. */
import { msg } from "./i18n.js";

/** @typedef {{ label: string, icon: string }} Look */

/** @type {Record<string, Look>} */
export const STATUS = {
  expected: { label: msg("expected"), icon: "circle" },
  present: { label: msg("checked in"), icon: "check" },
  late: { label: msg("late"), icon: "clock" },
  absent: { label: msg("absent"), icon: "cross" },
  left: { label: msg("left the room"), icon: "exit" },
  returned: { label: msg("returned"), icon: "return" },
  withdrawn: { label: msg("left unfinished"), icon: "stop" },
  exempt: { label: msg("exempt"), icon: "dash" },
  refused: { label: msg("refused"), icon: "ban" },
  planned: { label: msg("planned"), icon: "circle" },
  running: { label: msg("running"), icon: "play" },
  paused: { label: msg("paused"), icon: "pause" },
  ended: { label: msg("ended"), icon: "stop" },
  sealed: { label: msg("sealed"), icon: "seal" },
  frozen: { label: msg("frozen"), icon: "lock" },
  minor: { label: msg("minor"), icon: "circle" },
  moderate: { label: msg("moderate"), icon: "diamond" },
  serious: { label: msg("serious"), icon: "warning" },
  open: { label: msg("reported"), icon: "flag" },
  reported: { label: msg("reported"), icon: "flag" },
  acknowledged: { label: msg("acknowledged"), icon: "eye" },
  instructed: { label: msg("instruction given"), icon: "message" },
  handed_back: { label: msg("handed back"), icon: "return" },
  escalated: { label: msg("escalated"), icon: "up" },
  resolved: { label: msg("resolved"), icon: "check" },
  verified: { label: msg("verified"), icon: "double-check" },
  closed: { label: msg("closed"), icon: "lock" },
  cancelled: { label: msg("withdrawn"), icon: "undo" },
  lapsed: { label: msg("no answer in time"), icon: "bell" },
  realarmed: { label: msg("happened again"), icon: "bell" },
  merged: { label: msg("joined to another"), icon: "return" },
  late_entry: { label: msg("late entry"), icon: "pen" },
  spoken: { label: msg("spoken"), icon: "message" },
  boxed: { label: msg("phone in the box"), icon: "lock" },
};

/** Why somebody is absent, in the order in which it happens most. */
export const ABSENT_REASONS = /** @type {[string, string][]} */ ([
  ["not_seen", msg("Not seen")],
  ["ill", msg("Ill")],
  ["leave", msg("On leave")],
  ["transferred", msg("Changed school")],
  ["other", msg("Other reason")],
]);

export const LEFT_REASONS = /** @type {[string, string][]} */ ([
  ["toilet", msg("Toilet")],
  ["ill", msg("Ill")],
  ["other", msg("Other reason")],
]);

export const WITHDRAWN_REASONS = /** @type {[string, string][]} */ ([
  ["ill", msg("Ill")],
  ["other", msg("Other reason")],
]);

/** @type {Record<string, string>} */
export const REASON_WORDS = Object.fromEntries([...ABSENT_REASONS, ...LEFT_REASONS, ...WITHDRAWN_REASONS]);

/**
 * Small things, handled on the spot, that stay in the school: codes of fieldops/testday/anomaly.py, the likely ones
 * first. No word accuses anybody.
 */
export const ANOMALY_CATEGORIES = /** @type {[string, string][]} */ ([
  ["late_arrival", msg("late arrival")],
  ["illness", msg("student unwell")],
  ["toilet", msg("left for the toilet")],
  ["conduct", msg("student conduct")],
  ["seat_change", msg("seat changed")],
  ["identity_doubtful", msg("identity doubtful")],
  ["materials_damaged", msg("materials damaged or missing pages")],
  ["materials_wrong", msg("wrong or missing materials")],
  ["equipment", msg("equipment or computer")],
  ["audio", msg("audio")],
  ["power", msg("power or network")],
  ["noise", msg("noise or disturbance")],
  ["weather", msg("weather")],
  ["staff_absent", msg("member of staff absent or unwell")],
  ["staff_error", msg("slip in the procedure")],
  ["other", msg("other")],
]);

/** What may need an owner and a deadline: codes of fieldops/incidents/severity.py. */
export const INCIDENT_CATEGORIES = /** @type {[string, string][]} */ ([
  ["materials_leak", msg("Leak or loss of test materials")],
  ["materials_fault", msg("Wrong, missing or damaged materials")],
  ["illness", msg("Student taken ill")],
  ["power", msg("Power cut")],
  ["network", msg("Network or computer")],
  ["audio", msg("Audio")],
  ["fire", msg("Fire")],
  ["weather", msg("Natural disaster or weather")],
  ["infectious_disease", msg("Infectious disease")],
  ["staff_absent", msg("Staff absent or ill")],
  ["staff_error", msg("Something went wrong in the procedure")],
  ["conduct", msg("Student conduct or substitution")],
  ["disturbance", msg("Disturbance or security")],
  ["public_opinion", msg("Public attention")],
  ["timetable_deviation", msg("Deviation from the timetable")],
  ["other", msg("Something else")],
]);

/** @type {Record<string, string>} */
export const SITTING_FACTS = {
  "sitting.started": msg("Started"),
  "sitting.paused": msg("Paused"),
  "sitting.resumed": msg("Went on"),
  "sitting.ended": msg("Ended"),
  "sitting.sealed": msg("Papers sealed"),
  "sitting.undone": msg("Taken back"),
  "sitting.phone_boxed": msg("Phone locked away"),
  "sitting.phone_back": msg("Phone is back"),
  "sitting.spoken": msg("Heard over the telephone"),
  "sitting.frozen": msg("Frozen by the chief monitor"),
};

/** @type {Record<string, string>} */
export const LEVELS = {
  school: msg("school"),
  county: msg("county desk"),
  city: msg("city desk"),
  province: msg("province desk"),
};

/** @type {Record<string, string>} */
export const ROLES = {
  monitor: msg("Monitor"),
  subject_monitor: msg("Subject monitor"),
  timekeeper: msg("Timekeeper"),
  chief_monitor: msg("Chief monitor"),
  principal: msg("Principal"),
  information_officer: msg("Information officer"),
  custodian: msg("Materials custodian"),
  inspector: msg("Inspector"),
  supervisor: msg("Visiting supervisor"),
  desk: msg("Duty desk"),
};
