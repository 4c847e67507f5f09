/**
 * When to sync: after each fact, when the network or the screen comes back, by a timer, and when the server says that
 * something changed. The stream carries only "changed"; where it cannot be held open, the timer's fetch stands in.
 */

const TIMER_MS = 15_000;
const POLL_MS = 20_000;
const STREAM_RETRY_MS = 30_000;
const GATHER_MS = 400;

/**
 * @param {import("./sync.js").Sync} sync
 * @param {{ waiting: () => number, seq: () => number }} state
 */
export function keepInTouch(sync, state) {
  let lastRefresh = performance.now();
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
    stream = new EventSource(`/api/v1/stream?since=${state.seq()}`);
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

  window.addEventListener("online", () => refresh(true));
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      stream?.close();
      stream = null;
    } else {
      refresh(true);
      listen();
    }
  });
  setInterval(() => {
    if (document.hidden) return;
    const due = performance.now() - lastRefresh > POLL_MS && !(stream && stream.readyState === EventSource.OPEN);
    if (state.waiting() > 0) refresh();
    else if (due) refresh();
  }, TIMER_MS);
  // The server's clock and a silent stream: once a minute the truth is fetched in any case.
  setInterval(() => {
    if (!document.hidden) refresh();
  }, 60_000);
  listen();
  refresh(true);
}
