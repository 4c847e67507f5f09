// @ts-check
/** Subscribes this browser to push messages of a desk: asks for leave, and puts what the browser gave out into the form. */

const WORKER = "/push/worker.js";
const SCOPE = "/push/";

/** @param {string} text base64url */
function bytesOf(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(raw, (sign) => sign.charCodeAt(0));
}

/** @param {HTMLElement} field */
async function subscribe(field) {
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) return "cannot";
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  try {
    const registration = await navigator.serviceWorker.register(WORKER, { scope: SCOPE });
    await ready(registration);
    const key = bytesOf(field.dataset.push ?? "");
    // One of another server's key, from before a move, stands in the way of ours.
    const before = await registration.pushManager.getSubscription();
    await before?.unsubscribe();
    const got = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const { endpoint, keys } = got.toJSON();
    const input = /** @type {HTMLInputElement} */ (field.querySelector("input[type=hidden]"));
    input.value = JSON.stringify({ endpoint, keys });
    return "done";
  } catch {
    return "failed";
  }
}

/** @param {ServiceWorkerRegistration} registration */
function ready({ active, installing, waiting }) {
  const worker = installing ?? waiting;
  if (active || !worker) return Promise.resolve();
  return new Promise((resolve) => {
    worker.addEventListener("statechange", () => worker.state === "activated" && resolve(undefined));
  });
}

for (const field of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-push]"))) {
  field.querySelector("button")?.addEventListener("click", async () => {
    const said = await subscribe(field);
    const words = { cannot: "saidCannot", denied: "saidDenied", failed: "saidFailed", done: "saidDone" }[said];
    const status = field.querySelector("[role=status]");
    if (status) status.textContent = field.dataset[words] ?? "";
  });
}
