// @ts-check
/**
 * A desk's list with a script: filters without leaving the page (what was allowed to sound stays allowed), takes an
 * incident with one press, goes through the rows by keys. Without it everything works as plain links and forms.
 */

const KEPT_KEYS = "fieldops.keys";
const TYPING_MS = 400;

const section = document.getElementById("incident-desk");
const form = document.querySelector("form[data-filter]");

// --- the filter, which stands in the address --------------------------------------------------------------------------

/** @returns {URLSearchParams} what the form asks for, without what it leaves open */
function asked() {
  const found = new URLSearchParams();
  if (!(form instanceof HTMLFormElement)) return found;
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value.trim()) found.set(name, value.trim());
  }
  return found;
}

/**
 * Show the list that an address asks for, in place.
 * @param {URLSearchParams} wanted
 * @param {"push" | "replace" | "keep"} history_
 */
function open_(wanted, history_) {
  if (!(section instanceof HTMLElement)) return;
  const query = wanted.toString();
  const address = `${location.pathname}${query ? `?${query}` : ""}`;
  if (history_ === "push") history.pushState(null, "", address);
  if (history_ === "replace") history.replaceState(null, "", address);
  // "Changed since" begins where the list stood when it was last asked for.
  const seen = wanted.get("since") ?? section.querySelector("[data-heads]")?.getAttribute("data-heads") ?? "";
  const live = new URLSearchParams(wanted);
  live.set("seen", seen);
  section.dataset.live = `${location.pathname}/list?${live}`;
  section.dispatchEvent(new CustomEvent("live:want"));
}

/** @param {URLSearchParams} wanted */
function fillForm(wanted) {
  if (!(form instanceof HTMLFormElement)) return;
  for (const control of form.elements) {
    if (control instanceof HTMLInputElement && control.type === "checkbox") {
      control.checked = wanted.get(control.name) === control.value;
    } else if (control instanceof HTMLInputElement || control instanceof HTMLSelectElement) {
      control.value = wanted.get(control.name) ?? "";
    }
  }
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing;
form?.addEventListener("change", (event) => {
  if (!(event.target instanceof HTMLInputElement && event.target.type === "search")) open_(asked(), "push");
});
form?.addEventListener("input", (event) => {
  if (!(event.target instanceof HTMLInputElement && event.target.type === "search")) return;
  clearTimeout(typing);
  typing = setTimeout(() => open_(asked(), "replace"), TYPING_MS);
});
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(typing);
  open_(asked(), "push");
});
window.addEventListener("popstate", () => {
  const wanted = new URLSearchParams(location.search);
  fillForm(wanted);
  open_(wanted, "keep");
});
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-here]") : null;
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const wanted = new URL(link.href).searchParams;
  fillForm(wanted);
  open_(wanted, "push");
});

// --- "I take it" ------------------------------------------------------------------------------------------------------

/** @param {HTMLFormElement} taken */
async function take(taken) {
  const button = taken.querySelector("button");
  if (!button || button.disabled) return;
  button.disabled = true;
  const place = document.getElementById("messages");
  try {
    const response = await fetch(taken.action, {
      method: "POST",
      body: new FormData(taken),
      headers: { "HX-Request": "true" },
      credentials: "same-origin",
      signal: AbortSignal.timeout(15_000),
    });
    if (response.redirected || ![200, 409, 422].includes(response.status)) throw new Error(String(response.status));
    const text = await response.text();
    if (place) {
      await /** @type {any} */ (window).htmx.swap({ text, target: place, sourceElement: place, swap: "innerHTML" });
    }
  } catch {
    if (place) {
      const note = document.createElement("div");
      note.className = "note is-bad";
      note.textContent = place.dataset.lostWords ?? "";
      place.replaceChildren(note);
    }
  } finally {
    button.disabled = false;
    section?.dispatchEvent(new CustomEvent("live:want"));
  }
}

document.addEventListener("submit", (event) => {
  if (!(event.target instanceof HTMLFormElement) || !event.target.matches("[data-take]")) return;
  event.preventDefault();
  void take(event.target);
});

// --- keys -------------------------------------------------------------------------------------------------------------

const sheet = document.getElementById("keys");
const keysOn = document.querySelector("[data-keys-on]");

/** @returns {boolean} */
function useKeys() {
  try {
    return localStorage.getItem(KEPT_KEYS) !== "off";
  } catch {
    return true;
  }
}

/** @param {number} step */
function move(step) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row instanceof HTMLElement);
  if (rows.length === 0) return;
  const at = rows.findIndex(
    (row) => row === document.activeElement || row.closest("li")?.contains(document.activeElement),
  );
  const next = at === -1 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step));
  rows[next]?.focus();
  rows[next]?.closest("li")?.scrollIntoView({ block: "nearest" });
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  if (
    event.defaultPrevented ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    document.querySelector("dialog[open]")
  )
    return;
  const at = event.target instanceof Element ? event.target : document.body;
  if (at.closest("input, select, textarea, [contenteditable]")) return;
  const inRows = Boolean(at.closest(".desk-row"));
  const step = { j: 1, k: -1 }[event.key] ?? (inRows ? { ArrowDown: 1, ArrowUp: -1 }[event.key] : undefined);
  const letters = event.key.length === 1;
  if (letters && !useKeys() && event.key !== "?") return;
  if (step) move(step);
  else if (event.key === "?") openSheet();
  else if (event.key === "/") search();
  else return;
  event.preventDefault();
}

function openSheet() {
  if (sheet instanceof HTMLDialogElement) sheet.showModal();
}

function search() {
  const filter = document.getElementById("desk-filter");
  if (filter instanceof HTMLDetailsElement) filter.open = true;
  document.getElementById("filter-q")?.focus();
}

document.addEventListener("keydown", pressed);
const keysButton = document.querySelector("[data-keys-open]");
if (keysButton instanceof HTMLElement) {
  keysButton.hidden = false;
  keysButton.addEventListener("click", openSheet);
}
if (keysOn instanceof HTMLInputElement) {
  keysOn.checked = useKeys();
  keysOn.addEventListener("change", () => {
    try {
      localStorage.setItem(KEPT_KEYS, keysOn.checked ? "on" : "off");
    } catch {
      // kept for this page only
    }
  });
}
