/**
 * Signing out on any page takes the names off this phone first, and says what is not sent yet. Without scripts the
 * phone's page does it at its next start, by the mark that signing out takes away (`static/phone/vault.js`).
 */
import { isOpen } from "../phone/outbox.js";
import { openStore, transact } from "../phone/store.js";
import { wipeNames } from "../phone/vault.js";

/**
 * @param {IDBDatabase} db
 * @returns {Promise<number>}
 */
async function unsent(db) {
  const count = await transact(db, ["facts"], "readonly", (store, done) => {
    const request = store("facts").getAll();
    request.onsuccess = () => done(request.result.filter(isOpen).length);
  });
  return count ?? 0;
}

/** Push messages of the desk end with the sign-in: the push service then says so to whoever sends one. */
async function unsubscribe() {
  const registration = await navigator.serviceWorker?.getRegistration("/push/");
  const subscription = await registration?.pushManager?.getSubscription();
  await subscription?.unsubscribe();
}

/** @returns {Promise<boolean>} whether to go on */
async function ready() {
  await unsubscribe().catch(() => undefined);
  const known = await indexedDB.databases?.();
  if (known && !known.some(({ name }) => name === "fieldops")) return true; // a desk that never was a phone
  const db = await openStore();
  try {
    const count = await unsent(db);
    const words = document.body.dataset.unsentWords ?? "";
    if (count > 0 && !window.confirm(words.replace("{n}", String(count)))) return false;
    await wipeNames(db, "signed-out");
    new BroadcastChannel("fieldops").postMessage("snapshot");
    return true;
  } finally {
    db.close();
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || new URL(form.action).pathname !== "/sign-out") return;
  event.preventDefault();
  // Whatever fails here must not keep anybody signed in.
  if (await ready().catch(() => true)) form.submit();
});
