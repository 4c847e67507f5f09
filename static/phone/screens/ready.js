/** The ready check: one button, a line for each thing with what to do, and the verdict big. It works without a network. */
import { Camera, loadDecoder } from "../camera.js";
import { button, fill, h, icon, link } from "../dom.js";
import { t } from "../i18n.js";
import { note } from "../pieces.js";
import { browserName, judge, roomOfDuty } from "../readiness.js";
import { opensOffline, runningVersion, shell, shellReady } from "../shell.js";
import { mute, signal, wakeSound } from "../signals.js";
import { askToKeep } from "../storage.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../readiness.js").Measured} Measured */

/** A token of the right form that is on nobody's card. */
const SAMPLE = "F10000000000000000R";
const CAMERA_WAIT_MS = 15_000;
const DECODER_WAIT_MS = 15_000;
const SERVER_WAIT_MS = 10_000;
const ORDER = ["bad", "warn", "unknown", "good"];
/** @type {Record<string, string>} */
const SHAPES = { good: "check", warn: "diamond", bad: "warning", unknown: "question" };

/**
 * @param {App} app
 * @returns {import("../app.js").Screen}
 */
export function readyScreen(app) {
  const verdict = h("div", { role: "status" });
  const list = h("ul", { class: "ready-list", tabindex: "0", "aria-label": t("Ready check") });
  const video = h("video", { class: "visually-hidden", playsinline: true, muted: true, "aria-hidden": "true" });
  video.muted = true;
  const bar = h("div", { class: "phone-actions__stack" });
  let left = false;

  const begin = () => {
    wakeSound(); // within the tap
    void check();
  };
  /** @param {string} label */
  const start = (label) => button(label, begin, { kind: "primary huge", icon: "check", id: "next" });

  const check = async () => {
    fill(bar);
    fill(list);
    fill(verdict, h("p", { class: "soft" }, t("Checking… stay on this screen.")));
    const measured = await measure(app, video);
    if (left) return;
    draw({ ...measured, heard: null });
    fill(verdict, h("p", { class: "now__title" }, t("Did you hear two tones?")));
    mute(false);
    signal("attention");
    /** @param {boolean} heard */
    const answer = (heard) => () => void done({ ...measured, heard });
    fill(
      bar,
      button(t("Yes, I heard them"), answer(true), { kind: "primary huge", icon: "bell", id: "heard" }),
      button(t("No"), answer(false), { kind: "wide", icon: "bell-off", id: "unheard" }),
    );
    mute(localStorage.getItem("silent") === "yes");
  };

  /** @param {Measured} measured */
  const draw = (measured) => {
    const judged = judge(measured);
    fill(
      list,
      ...judged.lines
        .filter((each) => measured.heard !== null || each.item !== "sound")
        .sort((one, other) => ORDER.indexOf(one.level) - ORDER.indexOf(other.level)) // what there is to do comes first
        .map(lineOf),
    );
    return judged;
  };

  /** @param {Measured} measured */
  const done = async (measured) => {
    const judged = draw(measured);
    const items = Object.fromEntries(judged.lines.map((each) => [each.item, each.level]));
    const build = /\/s\/([0-9a-f]+)\//.exec(import.meta.url)?.[1] ?? runningVersion();
    const browser = browserName(navigator.userAgent).slice(0, 60);
    const data = { verdict: judged.verdict, items, ...(browser && { browser }), ...(build && { build }) };
    await app.model.note({ kind: "phone.checked", room: roomOfDuty(app.snapshot.duties), data });
    const words = {
      good: t("This phone is ready"),
      warn: t("This phone will do"),
      bad: t("This phone is not ready"),
    }[judged.verdict];
    const told = t("The chief monitor and the county see this result.");
    const more = judged.verdict === "good" ? [] : [h("p", {}, t("Below is what to do."))];
    fill(verdict, note(judged.verdict, words, ...more, h("p", { class: "small" }, told)));
    fill(bar, start(t("Check again")), link(t("To Now"), "#/", { kind: "wide", icon: "clock" }));
    document.getElementById("main")?.scrollTo(0, 0);
    window.scrollTo(0, 0);
  };

  fill(
    verdict,
    h(
      "p",
      {},
      t("It takes less than a minute: browser, storage, camera, cards, clock, sound, and opening without a network."),
    ),
    h("p", { class: "soft" }, t("Do it some days before and on the morning, on the phone you will use.")),
  );
  fill(bar, start(t("Check this phone")));
  return {
    title: t("Ready check"),
    body: [verdict, list, video],
    bar: [bar],
    dispose: () => {
      left = true;
    },
  };
}

/** @param {import("../readiness.js").Line} line */
function lineOf(line) {
  return h(
    "li",
    {
      class: `ready-line is-${line.level === "unknown" ? "muted" : line.level}`,
      "data-item": line.item,
      "data-level": line.level,
    },
    icon(SHAPES[line.level] ?? "question"),
    h(
      "span",
      {},
      h("span", { class: "strong" }, t(line.title, line.params)),
      line.todo ? h("span", { class: "ready-line__todo" }, t(line.todo)) : null,
    ),
  );
}

/**
 * @param {App} app
 * @param {HTMLVideoElement} video
 * @returns {Promise<Omit<Measured, "heard">>}
 */
async function measure(app, video) {
  const { model, snapshot } = app;
  const [storage, whole, answered] = await Promise.all([askToKeep(), shellReady(), serverAnswers(model)]);
  const opened = whole ? await opensOffline() : null;
  const decodes = await readSample();
  const camera = await openCamera(video);
  const rehearsal = snapshot.window.mode !== "real";
  return {
    modern: isModern(),
    kept: storage.kept,
    freeBytes: storage.freeBytes,
    shell: whole ? "whole" : shell.able ? "partly" : "unable",
    offline: opened,
    camera,
    decodes,
    answered,
    // A rehearsal plays another time: how far off the phone's own clock is cannot be told from it.
    offMs: model.clock.source() === "wall" ? null : rehearsal ? 0 : model.clock.offsetMs(),
    vibrates: typeof navigator.vibrate === "function",
    battery: await batteryState(),
  };
}

/**
 * Whether the server answers just now: an answer of before the check says nothing.
 * @param {import("../model.js").Model} model
 */
async function serverAnswers({ sync }) {
  const before = sync.health.answeredMono;
  if (await sync.run({ force: true })) return true;
  // Another run was under way: its answer is as good.
  for (let waited = 0; sync.health.busy && waited < SERVER_WAIT_MS; waited += 200) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return sync.health.answeredMono !== before;
}

const isModern = () =>
  window.isSecureContext &&
  typeof indexedDB !== "undefined" &&
  typeof WebAssembly !== "undefined" &&
  typeof crypto?.subtle?.digest === "function" &&
  typeof AbortSignal?.timeout === "function" &&
  typeof HTMLDialogElement !== "undefined";

/** A card drawn here and read by the same reader that reads the students' cards. */
async function readSample() {
  try {
    const { encodeQR } = await import("../../vendor/qr/index.js");
    const bits = encodeQR(SAMPLE, "raw", { ecc: "quartile", border: 4 });
    const scale = 8;
    const size = bits.length * scale;
    const image = new ImageData(size, size);
    for (let y = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1) {
        const dark = bits[Math.floor(y / scale)]?.[Math.floor(x / scale)];
        image.data.set(dark ? [0, 0, 0, 255] : [255, 255, 255, 255], (y * size + x) * 4);
      }
    }
    const decode = await loadDecoder();
    const late = new Promise((resolve) => setTimeout(resolve, DECODER_WAIT_MS, null));
    return (await Promise.race([decode(image), late])) === SAMPLE;
  } catch {
    return false;
  }
}

/**
 * @param {HTMLVideoElement} video
 * @returns {Promise<import("../camera.js").CameraState>}
 */
function openCamera(video) {
  return new Promise((resolve) => {
    /** @param {import("../camera.js").CameraState} state */
    const finish = (state) => {
      clearTimeout(timer);
      resolve(state);
      camera.dispose();
    };
    const timer = setTimeout(() => finish("busy"), CAMERA_WAIT_MS);
    const camera = new Camera(video, {
      onText: () => {},
      onState: (state) => {
        if (state !== "starting" && state !== "off") finish(state === "undecodable" ? "on" : state);
      },
    });
    void camera.start();
  });
}

/** @returns {Promise<{ level: number, charging: boolean } | null>} */
async function batteryState() {
  try {
    const found = await /** @type {any} */ (navigator).getBattery?.();
    return found ? { level: found.level, charging: found.charging } : null;
  } catch {
    return null;
  }
}
