// @ts-check
/**
 * Incidents that wait for this person (`[data-alert-id]`): their number in the page's title, and a sound when a new one
 * comes. Browsers let a page sound only after somebody touched it; the button says which it is.
 */

const KEPT = "fieldops.sound";
/** Two rising tones, a little apart: told from a phone's own sounds. Hz and seconds. */
const TONES = [
  [660, 0],
  [880, 0.18],
  [660, 0.6],
  [880, 0.78],
];

const title = document.title;
/** @type {Set<string> | null} */
let seen = null;
/** @type {AudioContext | null} */
let audio = null;
let wanted = kept();

function kept() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true; // a browser that keeps nothing still sounds
  }
}

/** Count what waits, and sound for what is new since the page was opened. */
export function noticeAlerts() {
  const ids = [...document.querySelectorAll("[data-alert-id]")].map((e) => e.getAttribute("data-alert-id") ?? "");
  const named = ids.length > 0 ? `(${ids.length}) ${title}` : title;
  if (document.title !== named) document.title = named;
  if (seen === null) {
    seen = new Set(ids);
    return;
  }
  const known = seen;
  const fresh = ids.filter((id) => !known.has(id));
  for (const id of fresh) known.add(id);
  if (fresh.length === 0) return;
  const line = document.querySelector("[data-live-state]");
  const announcer = document.getElementById("announcer");
  if (announcer && line instanceof HTMLElement) announcer.textContent = line.dataset.wordsAlert ?? "";
  sound();
}

function sound() {
  if (!wanted || audio?.state !== "running") return;
  document.documentElement.dataset.sounded = String(Number(document.documentElement.dataset.sounded ?? 0) + 1);
  for (const [frequency, after] of TONES) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const from = audio.currentTime + after;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.3, from + 0.02);
    volume.gain.linearRampToValueAtTime(0, from + 0.16);
    tone.connect(volume).connect(audio.destination);
    tone.start(from);
    tone.stop(from + 0.18);
  }
}

/** @param {HTMLElement} button */
function show(button) {
  const ready = audio?.state === "running";
  const words = !wanted ? button.dataset.wordsOff : ready ? button.dataset.wordsOn : button.dataset.wordsPress;
  button.setAttribute("aria-pressed", String(wanted && ready));
  const label = button.querySelector("[data-sound-words]");
  if (label) label.textContent = words ?? "";
  const icon = button.querySelector("use");
  icon?.setAttribute(
    "href",
    (icon.getAttribute("href") ?? "").replace(/#.*$/, wanted && ready ? "#bell" : "#bell-off"),
  );
}

const button = document.querySelector("[data-sound]");
if (button instanceof HTMLElement && typeof AudioContext !== "undefined") {
  button.hidden = false;
  const wake = async () => {
    audio ??= new AudioContext();
    if (audio.state !== "running") await audio.resume();
    show(button);
  };
  button.addEventListener("click", async () => {
    wanted = !(wanted && audio?.state === "running");
    try {
      localStorage.setItem(KEPT, wanted ? "on" : "off");
    } catch {
      // kept for this page only
    }
    await wake();
    if (wanted) sound();
  });
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(
      kind,
      (event) => {
        if (wanted && !(event.target instanceof Node && button.contains(event.target))) void wake();
      },
      { once: true },
    );
  }
  show(button);
}
