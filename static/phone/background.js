/**
 * Background Sync, where a browser has it (Chromium only): wakes the service worker when the network is back, also with
 * the page in the background. Nothing depends on it: every fact is sent by the page itself too.
 *
 * The worker's part, in its `sync` event: when `event.tag` is `SYNC_TAG`, post `{ type: SYNC_TAG }` to each of its
 * clients (`clients.matchAll({ type: "window" })`) inside `event.waitUntil`. The page then sends.
 */

export const SYNC_TAG = "fieldops-sync";

/** Asks to be woken when there is a network again. Resolves to whether the browser will. */
export async function registerBackgroundSync() {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    const manager = /** @type {{ register(tag: string): Promise<void> } | undefined} */ (
      /** @type {any} */ (registration)?.sync
    );
    if (!manager) return false;
    await manager.register(SYNC_TAG);
    return true;
  } catch {
    return false; // no worker, no leave, or a private window
  }
}

/** @param {() => void} work called when the worker was woken */
export function onBackgroundSync(work) {
  navigator.serviceWorker?.addEventListener("message", (event) => {
    if (event.data?.type === SYNC_TAG) work();
  });
}
