/**
 * What was ticked on paper while the phone was locked away, as facts. Pure: thirty seats make thirty facts and the times
 * of the session, in one go; each says when it happened, the journal sees when it was written.
 */
import { lateMinutes } from "./verdict.js";

/** @typedef {import("./types.js").Draft} Draft */
/** @typedef {import("./types.js").Session} Session */
/** @typedef {"open" | "present" | "absent"} Tick */
/** @typedef {{ tick: Tick, at: number | null }} Seat `at`: a time of its own, Unix ms; null: as all */

/** What the next tap makes of a seat. @type {Record<Tick, Tick>} */
export const NEXT = { open: "present", present: "absent", absent: "open" };

/**
 * @param {object} paper
 * @param {Session} paper.session
 * @param {string} paper.room
 * @param {Map<string, Seat>} paper.seats by student
 * @param {number} paper.at when it happened, for all without a time of their own
 * @param {{ at: number, reason: string | null } | null} paper.started
 * @param {{ at: number, reason: string | null } | null} paper.ended
 * @param {import("./types.js").SittingRow | undefined} paper.sitting as it is known
 * @returns {Draft[]}
 */
export function draftsOf({ session, room, seats, at, started, ended, sitting }) {
  const place = { room, session: session.code };
  const begun = started && sitting ? { ...sitting, started_at: new Date(started.at).toISOString() } : sitting;
  /** @type {Draft[]} */
  const drafts = [];
  for (const [student, seat] of seats) {
    if (seat.tick === "open") continue;
    const occurredMs = seat.at ?? at;
    if (seat.tick === "absent") {
      drafts.push({ ...place, kind: "attendance.absent", student, occurredMs, data: { reason: "not_seen" } });
      continue;
    }
    const late = lateMinutes(session, begun, occurredMs);
    const data = { method: "seat", ...(late > 0 && { late_min: late }) };
    drafts.push({ ...place, kind: "attendance.checked_in", student, occurredMs, data });
  }
  /** @param {string} kind @param {{ at: number, reason: string | null }} when */
  const time = (kind, when) => ({
    ...place,
    kind,
    occurredMs: when.at,
    data: when.reason ? { reason: when.reason } : {},
  });
  if (started) drafts.push(time("sitting.started", started));
  if (ended) drafts.push(time("sitting.ended", ended));
  if (sitting?.boxed_at) drafts.push({ ...place, kind: "sitting.phone_back" });
  return drafts;
}
