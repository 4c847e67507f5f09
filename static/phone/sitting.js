/**
 * A sitting: one session held in one room. What happened, what comes next, and how far from the plan it is.
 */
import { msg } from "./i18n.js";
import { distinct, standing } from "./standing.js";

/** @typedef {import("./types.js").Session} Session */
/** @typedef {import("./types.js").SittingRow} SittingRow */
/** @typedef {import("./types.js").SittingFact} SittingFact */
/** @typedef {import("./types.js").SittingState} SittingState */
/** @typedef {"sitting.started" | "sitting.paused" | "sitting.resumed" | "sitting.ended" | "sitting.sealed"} SittingKind */

const MINUTE = 60_000;

/**
 * Minutes from the plan, positive when later: whole minutes, towards the plan, so that 08:59:40 for 09:00 is on time.
 * @param {number} atMs
 * @param {number} plannedMs
 */
export const deviationMin = (atMs, plannedMs) => Math.trunc((atMs - plannedMs) / MINUTE) || 0;

/**
 * @param {SittingFact[]} facts in any order, with repetitions
 * @param {Session} session
 * @param {string} room
 * @param {SittingRow} [base] what the server knew; its freeze and version stay
 * @returns {SittingRow}
 */
export function foldSitting(facts, session, room, base) {
  const told = distinct(facts.map((fact) => ({ ...fact, at: Date.parse(fact.at) })));
  const stands = standing(told.filter((fact) => fact.kind !== "sitting.frozen"));
  /** @param {SittingKind} kind */
  const first = (kind) => stands.find((fact) => fact.kind === kind)?.at ?? null;
  const spoken = heard(stands);
  const startedAt = first("sitting.started") ?? spoken?.startedAt ?? null;
  const endedAt = first("sitting.ended") ?? spoken?.endedAt ?? null;
  const sealedAt = first("sitting.sealed");
  const { pausedAt, pausedMs } = pauses(stands, startedAt, endedAt ?? sealedAt);
  /** @type {SittingState} */
  let state = startedAt !== null || first("sitting.resumed") !== null ? "running" : "planned";
  if (sealedAt !== null) state = "sealed";
  else if (endedAt !== null) state = "ended";
  else if (pausedAt !== null) state = "paused";
  const lawful = lawfulEnd(session, startedAt, pausedMs);
  return {
    room,
    session: session.code,
    state,
    started_at: iso(startedAt),
    paused_at: iso(pausedAt),
    paused_s: Math.round(pausedMs / 1000),
    ended_at: iso(endedAt),
    sealed_at: iso(sealedAt),
    boxed_at: iso(boxed(stands)),
    spoken: base?.spoken ?? null,
    frozen_at: base?.frozen_at ?? null,
    lawful_end_at: iso(lawful),
    start_deviation_min: startedAt === null ? null : deviationMin(startedAt, Date.parse(session.starts_at)),
    end_deviation_min: endedAt === null || lawful === null ? null : deviationMin(endedAt, lawful),
    version: base?.version ?? 0,
    facts: told.map((fact) => ({ ...fact, at: new Date(fact.at).toISOString() })),
  };
}

/**
 * What a desk heard over the telephone last, for where no fact of a phone says it.
 * @param {(import("./standing.js").Told & { spoken?: import("./types.js").Spoken })[]} stands in order
 */
function heard(stands) {
  const said = stands.filter((fact) => fact.kind === "sitting.spoken").at(-1)?.spoken;
  if (!said) return null;
  return {
    startedAt: said.started_at ? Date.parse(said.started_at) : null,
    endedAt: said.ended_at ? Date.parse(said.ended_at) : null,
  };
}

/**
 * Since when the phone is locked away; null while it is not.
 * @param {import("./standing.js").Told[]} stands in order
 */
function boxed(stands) {
  /** @type {number | null} */
  let since = null;
  for (const fact of stands) {
    if (fact.kind === "sitting.phone_boxed") since ??= fact.at;
    if (fact.kind === "sitting.phone_back") since = null;
  }
  return since;
}

/** @param {number | null} atMs */
const iso = (atMs) => (atMs === null ? null : new Date(atMs).toISOString());

/**
 * Begin of the open pause, and how long those lasted that are over. Only what lies between start and end counts; an end
 * while paused closes the pause.
 * @param {import("./standing.js").Told[]} stands in order
 * @param {number | null} from
 * @param {number | null} until
 */
function pauses(stands, from, until) {
  /** @param {number} begin @param {number} end */
  const overlap = (begin, end) => Math.max(0, Math.min(end, until ?? end) - Math.max(begin, from ?? begin));
  let pausedMs = 0;
  /** @type {number | null} */
  let since = null;
  for (const fact of stands) {
    if (fact.kind === "sitting.paused") since ??= fact.at;
    if (fact.kind === "sitting.resumed" && since !== null) {
      pausedMs += overlap(since, fact.at);
      since = null;
    }
  }
  if (since !== null && until !== null) {
    pausedMs += overlap(since, until);
    since = null;
  }
  return { pausedAt: since, pausedMs };
}

/**
 * When the students must have had their full time: start + planned duration + pauses. Null for an open-ended session.
 * @param {Session} session
 * @param {number | null} startedMs
 * @param {number} pausedMs
 */
export function lawfulEnd(session, startedMs, pausedMs) {
  if (!session.ends_at || startedMs === null) return null;
  return startedMs + (Date.parse(session.ends_at) - Date.parse(session.starts_at)) + pausedMs;
}

/**
 * The lawful end if the pause ended at `atMs`.
 * @param {Session} session
 * @param {SittingRow} sitting
 * @param {number} atMs
 */
export function lawfulEndWhenResumed(session, sitting, atMs) {
  const running = sitting.paused_at ? Math.max(0, atMs - Date.parse(sitting.paused_at)) : 0;
  const started = sitting.started_at ? Date.parse(sitting.started_at) : null;
  return lawfulEnd(session, started, sitting.paused_s * 1000 + running);
}

/**
 * The one next thing to note about a sitting.
 * @param {SittingState} state
 * @returns {{ kind: SittingKind, label: string } | null} `label` is a message key
 */
export function nextAction(state) {
  switch (state) {
    case "planned":
      return { kind: "sitting.started", label: msg("Start") };
    case "running":
      return { kind: "sitting.ended", label: msg("End") };
    case "paused":
      return { kind: "sitting.resumed", label: msg("Go on") };
    case "ended":
      return { kind: "sitting.sealed", label: msg("Papers sealed") };
    default:
      return null;
  }
}

/**
 * The right that a fact of a sitting needs: whoever keeps the materials may note their sealing and nothing else.
 * @param {SittingKind} kind
 * @param {(action: string) => boolean} may
 */
export const mayNote = (kind, may) => may("sitting.note") || (kind === "sitting.sealed" && may("sitting.seal"));

/**
 * How far an action at `atMs` would be from the plan, and whether it needs a reason before it can be noted.
 * @param {SittingKind} kind
 * @param {Session} session
 * @param {SittingRow | null} sitting
 * @param {number} atMs
 * @param {Record<string, { value: number }>} policies
 */
export function planCheck(kind, session, sitting, atMs, policies) {
  if (kind === "sitting.started") {
    const minutes = deviationMin(atMs, Date.parse(session.starts_at));
    return { minutes, needsReason: Math.abs(minutes) > (policies.start_tolerance_min?.value ?? 5) };
  }
  if (kind === "sitting.ended" && sitting) {
    const lawful = lawfulEndWhenResumed(session, sitting, atMs);
    if (lawful === null) return { minutes: null, needsReason: false };
    const minutes = deviationMin(atMs, lawful);
    return { minutes, needsReason: Math.abs(minutes) > (policies.end_tolerance_min?.value ?? 5) };
  }
  return { minutes: null, needsReason: kind === "sitting.paused" };
}

/**
 * A sitting that nobody has noted anything about yet.
 * @param {Session} session
 * @param {string} room
 */
export const plannedSitting = (session, room) => foldSitting([], session, room);
