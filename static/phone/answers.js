/**
 * Whose answer is it? Between the phone and our server sit captive portals that answer 200 to everything, proxies with
 * pages and limits of their own, and networks that cut a reply in the middle. Ours is JSON that carries the server's time
 * and epoch, or one of its problem documents; nothing else is believed.
 */

/**
 * @typedef {{ kind: "ours", json: any, epoch: string, serverTime: string, etag: string | null, leftMono: number,
 *     backMono: number }
 *   | { kind: "unchanged", serverTime: string, leftMono: number, backMono: number }
 *   | { kind: "unreadable", status: number }
 *   | { kind: "broken", status: number, quietMs: number | null }
 *   | { kind: "none", slug: string | null, quietMs: number | null }} Answer
 *   `unreadable`: the request is refused as it is, so a part of it may still pass; `broken`: our server failed at it;
 *   `none`: not our server's answer, or it wants nothing now (`slug` says why when it is ours). `quietMs`: for how long
 *   it asks to be left alone
 */

const TIMEOUT_MS = 15_000;
const LONGEST_QUIET_MS = 300_000;
const PROBLEM = "urn:fieldops:problem:";
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** What must be cured elsewhere, whatever is sent. */
const NOT_THE_BODY = new Set(["other-device", "which-county", "sign-in-needed"]);

/**
 * @param {typeof fetch} send
 * @param {{ mono: () => number }} clock
 * @param {string} url
 * @param {{ method?: string, headers: Record<string, string>, body?: string }} init
 * @param {number} [timeoutMs]
 * @returns {Promise<Answer>} rejects when no answer came, or not the whole of it
 */
export async function call(send, clock, url, init, timeoutMs = TIMEOUT_MS) {
  const cut = new AbortController();
  const timer = setTimeout(() => cut.abort(), timeoutMs);
  try {
    const leftMono = clock.mono();
    const response = await send(url, {
      ...init,
      headers: { Accept: "application/json", ...init.headers },
      credentials: "same-origin",
      redirect: "error",
      cache: "no-store",
      signal: cut.signal,
    });
    const backMono = clock.mono();
    if (response.status === 304) {
      const serverTime = response.headers.get("X-Fieldops-Time") ?? "";
      return isTime(serverTime) ? { kind: "unchanged", serverTime, leftMono, backMono } : nobody(response);
    }
    const contents = response.headers.get("Content-Type") ?? "";
    // Names are wiped and facts are halved by our server's word: a proxy's or a captive portal's is not believed.
    if (!response.ok) return await refusal(response, contents.startsWith("application/problem+json"));
    if (!contents.includes("json")) return nobody(response);
    const json = await response.json();
    const { server_time: serverTime, server_epoch: epoch } = json ?? {};
    if (!isTime(serverTime) || typeof epoch !== "string" || !UUID.test(epoch)) return nobody(response);
    return { kind: "ours", json, epoch, serverTime, etag: response.headers.get("ETag"), leftMono, backMono };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * @param {Response} response
 * @param {boolean} isProblem
 * @returns {Promise<Answer>}
 */
async function refusal(response, isProblem) {
  const { status } = response;
  const type = isProblem ? (await response.json().catch(() => null))?.type : null;
  const slug = typeof type === "string" && type.startsWith(PROBLEM) ? type.slice(PROBLEM.length) : null;
  // A proxy's limit is as good as ours: less at once passes both.
  if (status === 413) return { kind: "unreadable", status };
  if (slug && [400, 415, 422].includes(status) && !NOT_THE_BODY.has(slug)) return { kind: "unreadable", status };
  if (slug && status >= 500 && slug !== "unavailable") return { kind: "broken", status, quietMs: quietMs(response) };
  return { kind: "none", slug, quietMs: quietMs(response) };
}

/**
 * @param {Response} response
 * @returns {Answer}
 */
const nobody = (response) => ({ kind: "none", slug: null, quietMs: quietMs(response) });

/**
 * For how long an answer asks for quiet, by `Retry-After`: seconds, or a date set against the answer's own.
 * @param {Response} response
 */
function quietMs(response) {
  const said = response.headers.get("Retry-After")?.trim();
  if (!said) return null;
  const from = Date.parse(response.headers.get("Date") ?? "");
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - from;
  return Number.isFinite(ms) ? Math.min(LONGEST_QUIET_MS, Math.max(0, ms)) : null;
}

/** @param {unknown} value */
const isTime = (value) => typeof value === "string" && Number.isFinite(Date.parse(value));
