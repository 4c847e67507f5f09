/**
 * Two phones on one list: both monitors were right, the first check-in by corrected time stands, and the later one is
 * told once it is known. Pure, from what the phone has.
 */
import { keyOf, momentOf } from "./state.js";

/** @typedef {{ student: string, session: string, at: string, by: string | null, fact: string }} Before */

/**
 * Check-ins of this phone before which another one stands that was noted elsewhere, the newest first.
 * @param {import("./types.js").Snapshot} snapshot
 * @param {import("./state.js").Current} current
 * @param {import("./types.js").Fact[]} facts everything in the outbox
 * @returns {Before[]}
 */
export function notedBefore(snapshot, current, facts) {
  const taken = new Set(facts.flatMap(({ event: { data } }) => [data.undoes, data.corrects]));
  const mine = facts.filter(
    (fact) =>
      fact.event.kind === "attendance.checked_in" &&
      fact.window === snapshot.window.code &&
      fact.state !== "quarantined" &&
      !taken.has(fact.id),
  );
  /** Times at which this phone itself checked somebody in: those are not another phone's. */
  const own = new Set(
    mine.map((fact) => `${keyOf(fact.event.session ?? "", fact.event.student ?? "")}/${momentOf(fact)}`),
  );
  /** @type {Map<string, Before>} */
  const found = new Map();
  for (const fact of mine) {
    const { session, student } = fact.event;
    if (!session || !student) continue;
    const key = keyOf(session, student);
    const row = current.attendance.get(key);
    const at = row?.checked_in_at ? Date.parse(row.checked_in_at) : Number.NaN;
    if (!row?.checked_in_at || !(at < momentOf(fact)) || own.has(`${key}/${at}`)) continue;
    found.set(key, { student, session, at: row.checked_in_at, by: row.by, fact: fact.id });
  }
  return [...found.values()].reverse();
}
