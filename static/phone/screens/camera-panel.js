/** The camera as the check-in screen shows it: the picture, lamp and sound, and plain words when there is none. */
import { Camera } from "../camera.js";
import { button, fill, h, icon, set } from "../dom.js";
import { t } from "../i18n.js";
import { note } from "../pieces.js";
import { mute, wakeSound } from "../signals.js";

/** @typedef {import("../camera.js").CameraState} CameraState */

/** @param {(text: string) => void} onText */
export function cameraPanel(onText) {
  const video = h("video", { playsinline: true, muted: true, "aria-label": t("Picture of the camera") });
  video.muted = true;
  const tools = h("div", { class: "camera__tools" });
  const picture = h("div", { class: "camera", hidden: true }, video, h("div", { class: "camera__frame" }), tools);
  const words = h("div", {});
  const element = h("div", { class: "check-in__camera" }, picture, words);
  let lit = false;
  let silent = localStorage.getItem("silent") === "yes";
  mute(silent);

  const start = () => {
    wakeSound();
    localStorage.setItem("camera", "on");
    void camera.start();
  };
  const stop = () => {
    localStorage.setItem("camera", "off");
    camera.stop();
  };

  /** @param {string} label @param {string} shape @param {boolean | null} pressed @param {() => void} onclick */
  const tool = (label, shape, pressed, onclick) =>
    h(
      "button",
      {
        type: "button",
        class: "button",
        id: `tool-${shape}`,
        "aria-label": label,
        "aria-pressed": pressed === null ? null : String(pressed),
        onclick,
      },
      icon(shape),
    );

  const drawTools = () => {
    fill(
      tools,
      camera.hasTorch &&
        tool(t("Lamp"), "torch", lit, async () => {
          lit = await camera.torch(!lit);
          drawTools();
        }),
      tool(silent ? t("Sound on") : t("Sound off"), silent ? "bell-off" : "bell", null, () => {
        silent = !silent;
        localStorage.setItem("silent", silent ? "yes" : "no");
        mute(silent);
        wakeSound();
        drawTools();
      }),
      tool(t("Camera off"), "cross", null, stop),
    );
  };

  /** @param {CameraState} state */
  const draw = (state) => {
    const seen = state === "on" || state === "starting";
    set(picture, { hidden: !seen, "data-state": state });
    if (state !== "on") lit = false;
    if (seen) drawTools();
    const again = button(t("Turn on the camera"), start, {
      kind: state === "off" ? "primary wide" : "wide",
      icon: "camera",
      id: "camera-on",
    });
    const trouble = troubles()[state];
    fill(
      words,
      state === "starting" && h("p", { class: "soft small", role: "status" }, t("Camera is starting…")),
      trouble && note("warn", trouble[0], h("p", {}, trouble[1]), again),
      state === "off" && again,
    );
  };

  const camera = new Camera(video, { onText, onState: draw });
  draw("off");
  // Asked once by a tap; from then on it runs whenever the screen is open, unless it was turned off.
  if (localStorage.getItem("camera") === "on") void camera.start();
  return { element, dispose: () => camera.dispose() };
}

/** @returns {Partial<Record<CameraState, [string, string]>>} what is wrong, and what to do */
function troubles() {
  const list = t("Seats and names below work just as well.");
  return {
    denied: [
      t("The camera is not allowed."),
      `${t("Tap the lock or the settings sign beside the address, allow the camera, then try again.")} ${list}`,
    ],
    missing: [t("No camera found."), list],
    busy: [t("Another app uses the camera."), `${t("Close it and try again.")} ${list}`],
    insecure: [t("The camera needs an https address."), list],
    undecodable: [t("The card reader could not be loaded."), list],
  };
}
