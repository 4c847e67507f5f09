/**
 * What a monitor hears and feels without looking: three kinds that cannot be mistaken for one another.
 */

/** @typedef {"good" | "attention" | "stop"} Signal */

/** Frequency in Hz, start and length in seconds. @type {Record<Signal, [number, number, number][]>} */
const BEEPS = {
  good: [[1318, 0, 0.09]],
  attention: [
    [784, 0, 0.1],
    [784, 0.17, 0.1],
  ],
  stop: [[220, 0, 0.45]],
};

/** Milliseconds on, off, on … @type {Record<Signal, number[]>} */
const BUZZES = { good: [50], attention: [60, 70, 60], stop: [320] };

/** @type {AudioContext | null} */
let audio = null;
let muted = false;

/** Browsers give sound only to a page that was touched: call it from a tap. */
export function wakeSound() {
  try {
    audio ??= new AudioContext();
    if (audio.state === "suspended") audio.resume().catch(() => {});
  } catch {
    audio = null;
  }
}

/** @param {boolean} off */
export function mute(off) {
  muted = off;
}

/**
 * Never throws: a verdict is shown after its fact was kept, and no tone or buzz that fails may come between the two.
 * @param {Signal} kind
 */
export function signal(kind) {
  attempt(() => navigator.vibrate?.(BUZZES[kind]));
  attempt(() => beep(kind));
}

/** @param {() => void} work */
function attempt(work) {
  try {
    work();
  } catch {
    // A browser that forbids it, or whose sound broke down: what is seen says the same.
  }
}

/** @param {Signal} kind */
function beep(kind) {
  if (muted || !audio || audio.state !== "running") return;
  for (const [hertz, from, length] of BEEPS[kind]) {
    const start = audio.currentTime + from;
    const tone = audio.createOscillator();
    const loudness = audio.createGain();
    tone.type = kind === "stop" ? "square" : "sine";
    tone.frequency.value = hertz;
    loudness.gain.setValueAtTime(0.0001, start);
    loudness.gain.exponentialRampToValueAtTime(0.4, start + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.0001, start + length);
    tone.connect(loudness).connect(audio.destination);
    tone.start(start);
    tone.stop(start + length + 0.02);
  }
}

/** @type {Record<string, Signal>} */
const BY_TONE = { good: "good", info: "attention", warn: "attention", bad: "stop" };

/** @param {string} tone */
export const signalOf = (tone) => BY_TONE[tone] ?? "attention";
