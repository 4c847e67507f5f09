/** What the first screens ask about the person and the phone. Pure, and small: it is loaded with the first screen. */

/** The duties of one person, the one that decides most first. */
const ROLES = ["chief_monitor", "timekeeper", "custodian", "inspector", "principal", "information_officer"];

/**
 * The duty that the card is for: null when somebody belongs to a room, and for desks.
 * @param {import("./types.js").Duty[]} duties
 * @returns {string | null}
 */
export function schoolRole(duties) {
  const roles = new Set(duties.map((duty) => duty.role));
  if ((roles.has("monitor") || roles.has("subject_monitor")) && !roles.has("chief_monitor")) return null;
  return ROLES.find((role) => roles.has(role)) ?? null;
}

/** So long a check holds before the next one is proposed. */
export const CHECK_AGAIN_MS = 24 * 3_600_000;

/**
 * When this phone was last checked, by the window's clock; null when never.
 * @param {import("./types.js").Fact[]} facts
 * @param {string} device
 */
export function checkedAt(facts, device) {
  const times = facts
    .filter((fact) => fact.event.kind === "phone.checked" && fact.device === device && fact.state !== "quarantined")
    .map((fact) => Date.parse(fact.event.occurred_at) + fact.event.offset_ms);
  return times.length > 0 ? Math.max(...times) : null;
}

/**
 * Whether a check should be proposed now. One that lies ahead was made before a rehearsal's clock was set back.
 * @param {number | null} checkedMs
 * @param {number} nowMs
 */
export const checkIsDue = (checkedMs, nowMs) => checkedMs === null || Math.abs(nowMs - checkedMs) > CHECK_AGAIN_MS;
