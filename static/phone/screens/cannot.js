/** One plain screen where the app cannot work, or only with the network: why, and what to do. */
import { button, h } from "../dom.js";
import { browserOf, problemsOf } from "../environment.js";
import { loadLocale, msg, t } from "../i18n.js";
import { note } from "../pieces.js";
import { shell } from "../shell.js";

/** @typedef {import("../environment.js").Problem} Problem */
/** @typedef {import("../environment.js").Browser} Browser */

const READ = "environment/read";

/** @type {Record<import("../environment.js").Code, string>} */
const WHY = {
  "no-store": msg("This browser keeps nothing on the phone, so your notes would be lost."),
  insecure: msg(
    "The address does not begin with https, so browsers give neither the camera nor work without a network.",
  ),
  "no-worker": msg("This browser cannot open the app without a network."),
  private: msg("This looks like a private window: when it is closed, everything noted in it is gone."),
  "little-room": msg("The phone has almost no room left, so the browser may throw out what is kept."),
};

/** @param {Problem[]} problems @param {Browser} browser */
function whatToDo(problems, { inApp, system }) {
  const codes = problems.map(({ code }) => code);
  if (inApp && system === "ios") return t("Tap ··· at the top right and choose “Open in Safari”.");
  if (inApp) return t("Tap ··· at the top right and choose “Open in browser”.");
  if (codes.includes("little-room") && codes.length === 1)
    return t("Delete some pictures or videos, then open this page again.");
  if (codes.includes("insecure")) return t("Ask the county desk for the address that begins with https.");
  if (system === "ios") return t("Open the page in Safari, in an ordinary window.");
  return t("Open the page in Chrome or the phone's own browser, in an ordinary window.");
}

/** What this browser has. @returns {Promise<Omit<import("../environment.js").Found, "store">>} */
async function lookAround() {
  const { storage } = navigator;
  const room = await storage?.estimate?.().catch(() => null);
  // Safari refuses its file system in a private window and gives everything else.
  const forgets = storage?.getDirectory
    ? await storage.getDirectory().then(
        () => false,
        () => true,
      )
    : false;
  return { secure: window.isSecureContext, worker: shell.able, forgets, roomBytes: room?.quota ?? null };
}

/**
 * Looks whether the app can work here and says so when not. Where it works with the network a person may go on after
 * reading, and is not asked again for the same reasons.
 * @param {HTMLElement} root
 * @param {boolean} store whether the app's own store opens
 * @returns {Promise<boolean>} whether to go on; with nothing to store in, it is never fulfilled
 */
export async function mayWork(root, store) {
  const problems = problemsOf({ ...(await lookAround()), store });
  const codes = problems.map(({ code }) => code).join(" ");
  const stops = problems.some(({ severity }) => severity === "stops");
  if (problems.length === 0 || (!stops && localStorage.getItem(READ) === codes)) return true;
  await loadLocale(document.documentElement.lang);
  return new Promise((resolve) => {
    const goOn = () => {
      localStorage.setItem(READ, codes);
      resolve(true);
    };
    root.replaceChildren(...screenOf(problems, browserOf(navigator.userAgent, navigator.maxTouchPoints), goOn));
    root.querySelector("h1")?.focus();
  });
}

/**
 * @param {Problem[]} problems
 * @param {Browser} browser
 * @param {() => void} goOn
 */
function screenOf(problems, browser, goOn) {
  const stops = problems.some(({ severity }) => severity === "stops");
  const title = stops ? t("The app cannot work here") : t("Here it works only with the network");
  document.title = `${title} · ${t("Fieldops")}`;
  const reasons = problems.map(({ code }) => h("p", {}, t(WHY[code])));
  const again = t("A sign-in link works once. If it was used here, ask the chief monitor for a new one.");
  const heading = h("h1", { class: "phone-title", tabindex: "-1" }, title);
  return [
    h("header", { class: "phone__head" }, h("div", { class: "phone-bar" }, heading)),
    h(
      "main",
      { class: "phone__body stack", id: "main" },
      note(stops ? "bad" : "warn", t("Why"), ...reasons),
      h(
        "section",
        { class: "card stack stack--tight" },
        h("h2", {}, t("What to do")),
        h("p", { class: "cannot__do" }, whatToDo(problems, browser)),
        h("p", { class: "soft" }, again),
      ),
    ),
    stops
      ? ""
      : h(
          "footer",
          { class: "thumb-bar" },
          button(t("Go on with the network only"), goOn, { kind: "huge", id: "go-on" }),
        ),
  ];
}
