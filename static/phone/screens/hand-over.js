/** The facts leave this phone without a network: as codes that another phone reads, or as a file. */
import { button, fill, h, icon, link, set } from "../dom.js";
import { toFile } from "../envelope.js";
import { toFrames } from "../frames.js";
import { MOST_FACTS } from "../hand-over.js";
import { t } from "../i18n.js";
import { note } from "../pieces.js";
import { handedLine } from "./handed-line.js";

/** Milliseconds a code is shown, from calm to quick. More than three changes a second may harm people. */
const SPEEDS = [1500, 900, 600, 400];
const BORDER = 4;

/** @typedef {typeof import("../../vendor/qr/index.js").encodeQR} Encode */

/**
 * What draws codes comes when it is needed, as it is needed once in a season. Without it there is still the file.
 * @returns {Promise<Encode | null>}
 */
const loadEncoder = () => import("../../vendor/qr/index.js").then((module) => module.encodeQR).catch(() => null);

/**
 * @param {import("../app.js").App} app
 * @returns {import("../app.js").Screen}
 */
export function handOverScreen(app) {
  const { model } = app;
  const { person, window: of } = app.snapshot;
  const waiting = model.handOver.open(app.snapshot, model.facts).length;
  /** @type {import("../types.js").Fact[]} */
  let facts = [];
  const canvas = h("canvas", { class: "frames__code", role: "img" });
  const counter = h("output", { class: "frames__count numeric strong", "aria-live": "off" });
  const place = h("section", { class: "stack frames" }, h("p", { class: "soft", role: "status" }, t("Sealing…")));
  const told = h("div", {});
  const bar = h("div", { class: "phone-actions__stack" });
  /** @type {Encode | null} */
  let encode = null;
  /** @type {string[]} */
  let frames = [];
  let at = 0;
  let speed = 2;
  let paused = false;
  let timer = 0;
  /** @type {WakeLockSentinel | null} */
  let awake = null;

  const draw = () => {
    if (encode) drawCode(encode, canvas, frames[at] ?? "");
    const words = t("Code %(n)s of %(count)s", { n: at + 1, count: frames.length });
    counter.textContent = words;
    set(canvas, { "aria-label": words, "data-frame": at });
  };
  /** @param {number} by */
  const turn = (by) => {
    at = (at + by + frames.length) % frames.length;
    draw();
  };
  const run = () => {
    clearInterval(timer);
    if (!paused && frames.length > 1) timer = window.setInterval(() => turn(1), SPEEDS[speed]);
  };
  const controls = h("div", { class: "frames__controls", role: "group", "aria-label": t("Showing the codes") });
  const drawControls = () =>
    fill(
      controls,
      button(t("Slower"), () => pace(-1), { id: "slower", disabled: speed === 0 }),
      button(paused ? t("Go on") : t("Pause"), stop, { id: "pause", icon: paused ? "play" : "pause" }),
      button(t("Faster"), () => pace(1), { id: "faster", disabled: speed === SPEEDS.length - 1 }),
      paused ? button("", () => turn(-1), { id: "back", icon: "arrow-left", "aria-label": t("Code before") }) : null,
      paused ? button("", () => turn(1), { id: "next-code", icon: "arrow-right", "aria-label": t("Next code") }) : null,
    );
  /** @param {number} by */
  const pace = (by) => {
    speed = Math.min(SPEEDS.length - 1, Math.max(0, speed + by));
    drawControls();
    run();
  };
  const stop = () => {
    paused = !paused;
    drawControls();
    run();
  };

  const handed = async () => {
    await model.handOver.mark(facts, model.facts, model.clock.now());
    app.flash("good", t("Handed over. They count as sent once the server has said so."));
    app.go("sync");
  };

  /** @param {Uint8Array<ArrayBuffer>} sealed */
  const save = async (sealed) => {
    const name = `${app.snapshot.school?.code ?? "fieldops"}-${app.snapshot.device.id.slice(-6)}.fieldops`;
    const file = new File([toFile(sealed)], name, { type: "text/plain" });
    if (navigator.canShare?.({ files: [file] })) {
      try {
        await navigator.share({ files: [file] });
        return void handed();
      } catch {
        // Closed, or not allowed for this kind of file: then it is saved.
      }
    }
    const address = URL.createObjectURL(file);
    const anchor = h("a", { href: address, download: name });
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    fill(
      told,
      note(
        "good",
        t("Saved as %(name)s", { name }),
        h("p", {}, t("Give this file to the chief monitor or the county.")),
      ),
    );
    await model.handOver.mark(facts, model.facts, model.clock.now());
  };

  const begin = async () => {
    if (waiting > 0) facts = await model.outbox.take({ person: person.id, window: of.code }, MOST_FACTS);
    if (facts.length === 0)
      return fill(place, note("good", t("Nothing waits on this phone: there is nothing to hand over.")));
    const sealed = await model.handOver.seal(app.snapshot, facts, model.clock.now());
    if (!sealed) return fill(place, noKey());
    encode = await loadEncoder();
    frames = encode ? await toFrames(sealed) : [];
    const file = button(t("Save or share as a file"), () => void save(sealed), {
      kind: "wide",
      icon: "download",
      id: "file",
    });
    const much = frames.length === 0 ? note("info", t("Codes cannot be shown for this: take the file.")) : null;
    fill(place, much, frames.length > 0 && h("div", { class: "frames__sheet" }, canvas), counter, controls, file);
    if (frames.length === 0) return controls.remove();
    draw();
    drawControls();
    run();
    fill(
      bar,
      button(t("The other phone has them all"), () => void handed(), {
        kind: "primary huge",
        icon: "check",
        id: "handed",
      }),
    );
    awake = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  };
  void begin();

  const state = model.handOver.state(app.snapshot, model.facts);
  return {
    title: t("Hand over without a network"),
    subtitle: t("Facts on this phone: %(n)s", { n: waiting }),
    body: [
      h(
        "p",
        {},
        t("On the other phone: What is sent → Take over from another phone. Hold its camera over these codes."),
      ),
      told,
      place,
      h("p", { class: "soft small" }, icon("lock"), " ", t("Sealed: only the server can read them.")),
      ...(state.at ? [handedLine(app, state)] : []),
    ],
    bar: [bar],
    dispose: () => {
      clearInterval(timer);
      void awake?.release().catch(() => {});
    },
  };
}

/** There is no key: the page has no https, or the phone was never online since it was signed in. */
function noKey() {
  return note(
    "warn",
    t("This phone has no key to seal with yet."),
    h(
      "p",
      {},
      t("It gets one the next time it reaches the server. Until then, read out the ten digits of each session."),
    ),
    link(t("To the sessions"), "#/"),
  );
}

/**
 * Black on white whatever the theme, each module a whole number of pixels.
 * @param {Encode} encode
 * @param {HTMLCanvasElement} canvas
 * @param {string} text
 */
function drawCode(encode, canvas, text) {
  const modules = encode(text, "raw", { ecc: "low", encoding: "alphanumeric", border: BORDER });
  const size = modules.length;
  const scale = Math.max(4, Math.floor(960 / size));
  canvas.width = size * scale;
  canvas.height = size * scale;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = "#000000";
  for (const [y, row] of modules.entries()) {
    for (const [x, dark] of row.entries()) if (dark) context.fillRect(x * scale, y * scale, scale, scale);
  }
}
