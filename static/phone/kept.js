/** What this phone still keeps, as it says it to the server for the chief monitor's list (docs/api.md). Pure. */

/** @typedef {import("./types.js").Fact} Fact */

/** @type {string | undefined} */
const BUILD = /\/s\/([0-9a-f]{6,40})\//.exec(import.meta.url)?.[1];

/**
 * @param {Fact[]} facts everything in the outbox
 * @param {string} device as which the phone is signed in now
 * @param {{ id: string }[]} sending facts that go in this very call
 * @param {number} offsetMs server minus phone
 */
export function keptOf(facts, device, sending, offsetMs) {
  const going = new Set(sending.map((fact) => fact.id));
  const own = facts.filter((fact) => fact.device === device);
  /** @param {Fact["state"]} state */
  const count = (state) => own.filter((fact) => fact.state === state && !going.has(fact.id)).length;
  return {
    waiting: count("waiting"),
    unconfirmed: count("unconfirmed"),
    last_seq: own.reduce((last, fact) => Math.max(last, fact.device_seq), 0),
    offset_ms: offsetMs,
    ...(BUILD && { build: BUILD }),
  };
}
