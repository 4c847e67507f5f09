/**
 * How long facts stay on the phone after the school's day was closed (policy `keep_facts_days`): what the server has is
 * deleted then; what it does not have stays for ever.
 */
import { localDay } from "./format.js";
import { isOpen } from "./outbox.js";
import { readMeta, transact, writeMeta } from "./store.js";

/** @typedef {import("./types.js").Snapshot} Snapshot */
/** @typedef {import("./types.js").Fact} Fact */
/** @typedef {{ date: string, afterMs: number, zone: string }} Due facts of this day and before go after this time */

const DAY_MS = 86_400_000;
const KEY = "forget";

/**
 * Keeps in mind what is to be deleted when, so that it holds also when nobody signs in any more.
 * @param {IDBDatabase} db
 * @param {Snapshot} snapshot
 */
export async function planForgetting(db, snapshot) {
  if (!snapshot.school) return;
  const keptMs = (snapshot.policies.keep_facts_days?.value ?? 30) * DAY_MS;
  const due = (snapshot.closed_days ?? []).map(({ date, closed_at }) => ({
    date,
    afterMs: Date.parse(closed_at) + keptMs,
    zone: snapshot.school?.timezone ?? "Asia/Shanghai",
  }));
  const known = /** @type {Record<string, Due[]> | undefined} */ (await readMeta(db, KEY));
  await writeMeta(db, { [KEY]: { ...known, [`${snapshot.window.code}/${snapshot.school.code}`]: due } });
}

/**
 * Deletes what is due. A fact's day is the one of its corrected time in the school's zone.
 * @param {IDBDatabase} db
 * @param {number} nowMs the window's clock
 * @returns {Promise<number>} how many were deleted
 */
export async function forgetDue(db, nowMs) {
  const plan = /** @type {Record<string, Due[]> | undefined} */ (await readMeta(db, KEY));
  const due = Object.entries(plan ?? {}).flatMap(([place, days]) =>
    days.filter((day) => day.afterMs <= nowMs).map((day) => ({ place, ...day })),
  );
  if (due.length === 0) return 0;
  const gone = await transact(db, ["facts"], "readwrite", (store, done) => {
    let count = 0;
    done(0);
    const request = store("facts").openCursor();
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      const fact = /** @type {Fact} */ (cursor.value);
      if (!isOpen(fact) && due.some((day) => isOf(fact, day))) {
        cursor.delete();
        count += 1;
        done(count);
      }
      cursor.continue();
    };
  });
  return gone ?? 0;
}

/** @param {Fact} fact @param {Due & { place: string }} day */
function isOf(fact, { place, date, zone }) {
  const { event } = fact;
  if (`${fact.window}/${event.school}` !== place) return false;
  return localDay(Date.parse(event.occurred_at) + event.offset_ms, zone) <= date;
}
