/**
 * When a new version of the app may not be taken over: while a session runs or students are being checked in. Pure.
 */
import { sessionsOf } from "./nowcard.js";
import { keyOf } from "./state.js";

/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Session} Session */

/** A session without a planned end holds the update for so long after its start. */
const OPEN_ENDED_MS = 3 * 60 * 60_000;

/**
 * @param {{ snapshot: Snapshot | null, current: import("./state.js").Current, room: string, nowMs: number }} at
 *   `room`: the one that is worked in; all of the school when it is empty
 * @returns {{ session: Session, why: "running" | "check-in" } | null} what must be over first
 */
export function updateHeld({ snapshot, current, room, nowMs }) {
  for (const place of snapshot?.rooms ?? []) {
    if (!snapshot || (room && place.code !== room)) continue;
    for (const session of sessionsOf(snapshot, place.code)) {
      const state = current.sittings.get(keyOf(session.code, place.code))?.state ?? "planned";
      if (state === "running" || state === "paused") return { session, why: "running" };
      const over = session.ends_at ? Date.parse(session.ends_at) : Date.parse(session.starts_at) + OPEN_ENDED_MS;
      if (state === "planned" && nowMs >= Date.parse(session.check_in_from) && nowMs < over)
        return { session, why: "check-in" };
    }
  }
  return null;
}
