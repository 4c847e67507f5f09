/**
 * The page's side of the service worker: asks for it until the app is whole on this phone, says whether it is, hears of
 * a new version and takes it over when it may.
 */

/** @typedef {{ version: string, chosen: string, whole: boolean }} Status the worker's own words */
/** @typedef {Event & { prompt: () => Promise<unknown> }} InstallEvent */

const REPLY_MS = 3_000;
const AGAIN_MS = 20_000;
const LOOK_FOR_NEW_MS = 30 * 60_000;
/** Two take-overs by themselves within this time would be a page that loads itself for ever. */
const NOT_AGAIN_MS = 60_000;
const TAKEN = "shell/taken";

/** What is known; the screens read it. */
export const shell = {
  /** Whether this browser can keep the app at all. */
  able: typeof navigator !== "undefined" && "serviceWorker" in navigator && typeof caches !== "undefined",
  /** Whether everything is here, so that the app opens without a network. */
  ready: false,
  /** Whether another version is here whole, waiting to be taken over. */
  update: false,
  /** @type {InstallEvent | null} the browser's own offer to put the app on the home screen */
  install: null,
};

/** @type {Set<() => void>} */
const watchers = new Set();
const tell = () => {
  for (const watcher of watchers) watcher();
};

/**
 * @param {() => void} watcher called when what `shell` says has changed
 * @returns {() => void} ends it
 */
export function watchShell(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** @returns {string} the version of the page that is open, as the server calls it */
export const runningVersion = () => document.documentElement.dataset.shell ?? "";

/**
 * @param {ServiceWorker | null | undefined} worker
 * @param {"status" | "take-over" | "offline-check"} type
 * @returns {Promise<any>} a `Status`, or what the check found; null when it says nothing in time
 */
function ask(worker, type) {
  if (!worker) return Promise.resolve(null);
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => resolve(null), REPLY_MS);
    port1.onmessage = ({ data }) => {
      clearTimeout(timer);
      port1.close();
      resolve(data);
    };
    worker.postMessage({ type }, [port2]);
  });
}

const registered = async () => (shell.able ? await navigator.serviceWorker.getRegistration("/") : undefined);

/** Learns how things stand. */
async function look() {
  const registration = await registered();
  const status = await ask(registration?.active, "status");
  const ready = status?.whole ?? false;
  const update = Boolean(status && (registration?.waiting || status.version !== status.chosen));
  if (ready === shell.ready && update === shell.update) return;
  Object.assign(shell, { ready, update });
  tell();
}

/**
 * Whether the app is on this phone whole: page, modules, styles, words and decoder. Asked anew each time.
 * @returns {Promise<boolean>}
 */
export async function shellReady() {
  await look();
  return shell.ready;
}

/**
 * Tries for real what opening in flight mode needs: the worker opens page, modules and styles from what it keeps alone.
 * @returns {Promise<boolean>}
 */
export async function opensOffline() {
  const registration = await registered();
  const found = await ask(registration?.active, "offline-check");
  return found?.opened === true;
}

/** Registers the worker; while it is not whole, again and again, for a first attempt may be cut off half way. */
async function fetchShell() {
  try {
    const registration = await navigator.serviceWorker.register("/sw.js", { scope: "/", updateViaCache: "none" });
    registration.onupdatefound = () => {
      const worker = registration.installing;
      worker?.addEventListener("statechange", () => void look());
    };
    registration.installing?.addEventListener("statechange", () => void look());
  } catch {
    // No network, or not our server: the timer tries again.
  }
  await look();
}

/** Begins to keep the app on this phone, behind everything else. */
export function startShell() {
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // no bar over the check-in: the entry is on a screen of its own
    shell.install = /** @type {InstallEvent} */ (event);
    tell();
  });
  window.addEventListener("appinstalled", () => {
    shell.install = null;
    tell();
  });
  if (!shell.able) return;
  void fetchShell();
  setInterval(() => {
    if (!shell.ready && !document.hidden) void fetchShell();
  }, AGAIN_MS);
  window.addEventListener("online", () => {
    if (!shell.ready) void fetchShell();
  });
  let looked = performance.now();
  document.addEventListener("visibilitychange", async () => {
    if (document.hidden || performance.now() - looked < LOOK_FOR_NEW_MS) return;
    looked = performance.now();
    await (await registered())?.update().catch(() => {});
  });
}

/**
 * A page that loads while one worker goes and another comes may lose one of its files.
 * @param {ServiceWorker} worker
 * @returns {Promise<void>} when it is at work, or does not get there in time
 */
function activated(worker) {
  return new Promise((resolve) => {
    const settle = () => {
      if (worker.state === "activated") resolve();
    };
    worker.addEventListener("statechange", settle);
    setTimeout(resolve, REPLY_MS);
    settle();
  });
}

/** Takes the waiting version over: it becomes the one that opens, and the page loads once. The outbox is not touched. */
export async function takeOver() {
  const registration = await registered();
  const next = registration?.waiting ?? registration?.active;
  if (!next || !(await ask(next, "take-over"))) return false;
  await activated(next);
  sessionStorage.setItem(TAKEN, String(Date.now()));
  location.reload();
  return true;
}

/**
 * At the start, before anything is drawn: a version that is here whole is taken over unless something holds it.
 * @param {() => boolean} held
 * @returns {Promise<boolean>} whether the page is being loaded again
 */
export async function takeOverAtStart(held) {
  const last = Number(sessionStorage.getItem(TAKEN));
  if (!shell.able || !navigator.serviceWorker.controller || Date.now() - last < NOT_AGAIN_MS) return false;
  await look();
  return shell.update && !held() ? takeOver() : false;
}
