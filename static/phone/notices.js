/** Notices of the county and above: what the server knows, with what this phone noted meanwhile. Pure. */

/** @typedef {import("./types.js").Notice} Notice */

/**
 * Newest first, with the readings that wait here still to be sent.
 * @param {import("./types.js").Snapshot} snapshot
 * @param {import("./types.js").Fact[]} facts
 * @returns {Notice[]}
 */
export function noticesOf(snapshot, facts) {
  const own = facts.filter(({ person, event }) => person === snapshot.person.id && event.kind.startsWith("notice."));
  return (snapshot.notices ?? []).map((notice) => {
    const mine = own.filter(({ event }) => event.data.notice === notice.id);
    const confirmed = mine.find(({ event }) => event.kind === "notice.confirmed")?.event.occurred_at ?? null;
    return {
      ...notice,
      read_at: notice.read_at ?? mine[0]?.event.occurred_at ?? null,
      confirmed_at: notice.confirmed_at ?? confirmed,
    };
  });
}

/** @param {Notice} notice whether it stays on top until it is confirmed */
export const mustConfirm = (notice) => notice.must_confirm && !notice.confirmed_at && !notice.withdrawn_at;

/** @param {Notice} notice */
export const isUnread = (notice) => !notice.read_at && !notice.withdrawn_at;
