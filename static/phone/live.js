/**
 * When to sync: after each fact, when the network or the screen comes back, by a timer, and when the server says that
 * something changed. The stream carries only "changed"; where it cannot be held open, the timer's fetch stands in.
 */
import { onBackgroundSync } from "./background.js";

const TIMER_MS = 15_000;
const POLL_MS = 20_000;
const REFRESH_MS = 60_000;
const STREAM_RETRY_MS = 30_000;
const GATHER_MS = 400;
/** `focus`, `pageshow` and `visibilitychange` come together: one sync for all. */
const TOGETHER_MS = 1_000;

/**
 * @param {import("./sync.js").Sync} sync
 * @param {{ waiting: () => number, seq: () => number, clock: import("./clock.js").Clock }} state
 */
export function keepInTouch(sync, { waiting, seq, clock }) {
  let lastRefresh = performance.now();
  let lastWake = Number.NEGATIVE_INFINITY;
  /** @type {EventSource | null} */
  let stream = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let gathering;

  const refresh = (force = false) => {
    lastRefresh = performance.now();
    void sync.run({ force });
  };

  const listen = () => {
    if (stream || document.hidden || typeof EventSource === "undefined") return;
    stream = new EventSource(`/api/v1/stream?since=${seq()}`);
    const heard = () => {
      // Thirty check-ins of a room come in one second: one fetch for all of them.
      clearTimeout(gathering);
      gathering = setTimeout(refresh, GATHER_MS + Math.random() * GATHER_MS);
    };
    stream.addEventListener("fact", heard);
    stream.addEventListener("reset", heard);
    stream.onerror = () => {
      // A closed stream (503: too many of them) is left alone for a while; the poll goes on.
      stream?.close();
      stream = null;
      setTimeout(listen, STREAM_RETRY_MS);
    };
  };

  const asleep = () => {
    clock.away();
    stream?.close();
    stream = null;
  };
  const awake = () => {
    if (document.hidden) return;
    clock.back();
    listen();
    if (performance.now() - lastWake < TOGETHER_MS) return;
    lastWake = performance.now();
    refresh(true);
  };

  window.addEventListener("online", () => refresh(true));
  document.addEventListener("visibilitychange", () => (document.hidden ? asleep() : awake()));
  document.addEventListener("freeze", asleep);
  document.addEventListener("resume", awake);
  window.addEventListener("pagehide", asleep);
  window.addEventListener("pageshow", awake);
  window.addEventListener("focus", awake);
  onBackgroundSync(() => void sync.run({ force: true }));

  const tick = () => {
    // Never in step: a county's phones that were opened together at 08:20 do not ask together all morning.
    setTimeout(tick, TIMER_MS * (0.75 + Math.random() / 2));
    const silent = performance.now() - lastRefresh;
    const listening = stream?.readyState === EventSource.OPEN;
    // Facts go also from a page that nobody sees. Once a minute the truth is fetched in any case.
    if (waiting() > 0) refresh();
    else if (!document.hidden && silent > (listening ? REFRESH_MS : POLL_MS)) refresh();
  };
  tick();
  listen();
  lastWake = performance.now();
  refresh(true);
}
