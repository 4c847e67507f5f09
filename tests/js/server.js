/** A server by hand for the tests of the outbox, and the sync that talks to it. */
import { Clock } from "../../static/phone/clock.js";
import { Sync } from "../../static/phone/sync.js";

export const EPOCH = "0190f3a2-0000-4000-8000-000000000001";
export const OTHER_EPOCH = "0190f3a2-0000-4000-8000-000000000002";

/**
 * A server by hand: keeps what it is sent, answers as told.
 * @param {(request: { url: string, body: any }) => Response | Promise<Response>} [answer]
 */
export function serverOf(answer) {
  /** @type {Map<string, any>} */
  const kept = new Map();
  /** @type {any[]} */
  const calls = [];
  const state = { epoch: EPOCH, kept, calls };
  /** @param {any} url @param {any} init */
  const fetch = async (url, init) => {
    const body = init?.body ? JSON.parse(init.body) : null;
    calls.push({ url, body });
    if (answer) return answer({ url, body });
    return url === "/api/v1/snapshot" ? snapshot() : accept(body);
  };
  const snapshot = () => json({ ...times(), window: {}, person: {}, sessions: [], states: {} });
  const times = () => ({ server_time: "2024-05-20T00:25:00.000Z", server_epoch: state.epoch });
  /** @param {any} body */
  const accept = (body) => {
    const results = body.events.map((/** @type {any} */ event) => {
      const outcome = kept.has(event.id) ? "duplicate" : "accepted";
      if (!kept.has(event.id)) kept.set(event.id, event);
      return { id: event.id, outcome, flags: [], seq: [...kept.keys()].indexOf(event.id) + 1 };
    });
    return json({ ...times(), results });
  };
  return { ...state, state, fetch: /** @type {typeof globalThis.fetch} */ (fetch), accept, snapshot };
}

/** @param {unknown} body @param {number} [status] @param {string} [type] */
export const json = (body, status = 200, type = "application/json") =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers: { "Content-Type": type } });

/** @param {number} status @param {string} slug @param {Record<string, string>} [headers] */
export const problem = (status, slug, headers = {}) =>
  new Response(JSON.stringify({ type: `urn:fieldops:problem:${slug}`, status }), {
    status,
    headers: { "Content-Type": "application/problem+json", ...headers },
  });

/**
 * @param {import("../../static/phone/outbox.js").Outbox} outbox
 * @param {{ fetch: typeof fetch }} server
 * @param {Partial<import("../../static/phone/sync.js").Deps>} [more]
 */
export const syncOf = (outbox, server, more = {}) =>
  new Sync({
    outbox,
    clock: new Clock(),
    keepSnapshot: async () => {},
    sender: () => ({ person: "p1", device: "d1", window: "2024" }),
    changed: () => {},
    etag: () => null,
    fetch: server.fetch,
    alone: (work) => work(),
    random: () => 0,
    ...more,
  });
