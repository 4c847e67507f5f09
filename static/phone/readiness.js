/**
 * Whether a phone is fit for the day: what was measured, judged. Pure; the screen measures (`screens/ready.js`).
 */
import { msg } from "./i18n.js";

/** @typedef {"good" | "warn" | "bad" | "unknown"} Level */
/**
 * @typedef {object} Measured null: this browser cannot say
 * @property {boolean} modern it has all that the app needs
 * @property {boolean | null} kept the browser promised not to clear what is noted
 * @property {number | null} freeBytes
 * @property {"whole" | "partly" | "unable"} shell the app on this phone
 * @property {boolean | null} offline it opened from what is kept, without asking the network
 * @property {import("./camera.js").CameraState} camera how it stands after it was asked to open
 * @property {boolean} decodes a sample card was read
 * @property {boolean} answered the server answered just now
 * @property {number | null} offMs this phone's clock against real time; null while no answer came; 0 in a rehearsal
 * @property {boolean | null} heard the person heard the two tones
 * @property {boolean | null} vibrates
 * @property {{ level: number, charging: boolean } | null} battery level from 0 to 1
 */
/**
 * @typedef {object} Line
 * @property {string} item code, as docs/api.md has it
 * @property {Level} level
 * @property {string} title message key: what was found
 * @property {string} todo message key of one sentence, empty when there is nothing to do
 * @property {import("./types.js").Params} params
 */

/** A day's facts need a few megabytes; under this the browser clears. */
const LITTLE_BYTES = 50 * 2 ** 20;
const CLOCK_OFF_MS = 120_000;
const BATTERY_LOW = 0.3;

/** @type {Record<string, string>} what to do about a camera that did not open */
const CAMERA_TODO = {
  denied: msg("Tap the lock or the settings sign beside the address, allow the camera, then try again."),
  missing: msg("No camera was found. Check students in by seat or name."),
  busy: msg("Another app uses the camera. Close it and check again."),
  insecure: msg("The camera needs an https address. Ask the information officer for the right link."),
};

/**
 * @param {Measured} found
 * @returns {{ verdict: "good" | "warn" | "bad", lines: Line[] }}
 */
export function judge(found) {
  const lines = [
    found.modern
      ? line("browser", "good", msg("The browser is new enough"))
      : line("browser", "bad", msg("The browser is too old"), msg("Open this address in a new Chrome or Safari.")),
    storage(found),
    shellLine(found),
    offline(found),
    cameraLine(found),
    found.decodes
      ? line("decoder", "good", msg("A sample card was read"))
      : line(
          "decoder",
          "warn",
          msg("A sample card could not be read"),
          msg("Load this page again with the network on; seats and names work without it."),
        ),
    found.answered
      ? line("server", "good", msg("The server answers"))
      : line(
          "server",
          "warn",
          msg("The server did not answer"),
          msg("Try again where there is a signal; noting works without it."),
        ),
    clock(found),
    sound(found),
    vibration(found),
    battery(found),
  ];
  const levels = lines.map((each) => each.level);
  return { verdict: levels.includes("bad") ? "bad" : levels.includes("warn") ? "warn" : "good", lines };
}

/**
 * @param {string} item @param {Level} level @param {string} title
 * @param {string} [todo] @param {import("./types.js").Params} [params]
 * @returns {Line}
 */
const line = (item, level, title, todo = "", params = {}) => ({ item, level, title, todo, params });

/** @param {Measured} found */
function storage({ kept, freeBytes }) {
  const mb = freeBytes === null ? 0 : Math.floor(freeBytes / 2 ** 20);
  if (freeBytes !== null && freeBytes < LITTLE_BYTES) {
    return line(
      "storage",
      "bad",
      msg("Only %(mb)s MB are free for this app"),
      msg("Delete pictures or apps you do not need, then check again."),
      { mb },
    );
  }
  if (kept) return line("storage", "good", msg("What you note is kept on this phone"));
  const todo = msg("Add this page to the home screen and open it from there; do not clear the browser's data.");
  if (kept === null)
    return line("storage", "unknown", msg("The browser does not say whether it keeps what you note"), todo);
  return line("storage", "warn", msg("The browser may clear what you note when space runs out"), todo);
}

/** @param {Measured} found */
function shellLine({ shell }) {
  if (shell === "whole") return line("shell", "good", msg("The app is on this phone whole"));
  if (shell === "partly") {
    return line(
      "shell",
      "bad",
      msg("The app is not on this phone yet"),
      msg("Keep this page open with the network on for a minute, then check again."),
    );
  }
  return line(
    "shell",
    "bad",
    msg("This browser cannot keep the app"),
    msg("Open this address in Chrome, or in Safari on an iPhone; not in WeChat, not in a private window."),
  );
}

/** @param {Measured} found */
function offline({ offline: opened, shell }) {
  if (opened) return line("offline", "good", msg("It opens without a network"));
  // Why is said one line above; here it is only not said to work.
  if (shell !== "whole") return line("offline", "unknown", msg("Opening without a network could not be tried"));
  return line(
    "offline",
    "bad",
    msg("It does not open without a network"),
    msg("Load this page again with the network on, then check again."),
  );
}

/** @param {Measured} found */
function cameraLine({ camera }) {
  if (camera === "on") return line("camera", "good", msg("The camera opens"));
  const todo = CAMERA_TODO[camera] ?? msg("Close the browser, open it again, and check again.");
  return line("camera", "warn", msg("The camera did not open"), todo);
}

/** @param {Measured} found */
function clock({ offMs }) {
  if (offMs === null) {
    return line(
      "clock",
      "bad",
      msg("The right time is not known here yet"),
      msg("Connect to the network once, then check again."),
    );
  }
  const minutes = Math.round(Math.abs(offMs) / 60_000);
  if (Math.abs(offMs) <= CLOCK_OFF_MS) return line("clock", "good", msg("The clock is right"));
  return line(
    "clock",
    "warn",
    msg("This phone's clock is %(n)s min off"),
    msg("Turn on automatic time in the settings. The times you note are corrected."),
    { n: minutes },
  );
}

/** @param {Measured} found */
function sound({ heard }) {
  if (heard === null) return line("sound", "unknown", msg("Sound was not tried"));
  if (heard) return line("sound", "good", msg("The tones are heard"));
  return line("sound", "warn", msg("The tones are not heard"), msg("Turn the volume up and the silent switch off."));
}

/** @param {Measured} found */
function vibration({ vibrates }) {
  if (vibrates) return line("vibration", "good", msg("The phone can vibrate"));
  return line("vibration", "unknown", msg("This browser does not vibrate: look at the screen, or listen"));
}

/** @param {Measured} found */
function battery({ battery: state }) {
  if (!state)
    return line(
      "battery",
      "unknown",
      msg("The browser does not tell the battery"),
      msg("Charge the phone overnight; bring the charger."),
    );
  const n = Math.round(state.level * 100);
  if (state.charging || state.level >= BATTERY_LOW)
    return line("battery", "good", msg("Battery: %(n)s percent"), "", { n });
  return line(
    "battery",
    "warn",
    msg("Battery: %(n)s percent"),
    msg("Charge it before the first session; bring the charger."),
    { n },
  );
}

/**
 * The place that the check is noted at: a duty in one room reaches that room and no further.
 * @param {import("./types.js").Duty[]} duties
 * @returns {string | null} code of the room, null for the school
 */
export function roomOfDuty(duties) {
  const able = duties.filter((duty) => duty.actions.includes("phone.use"));
  const place = (able.find((duty) => duty.level !== "room") ?? able[0])?.place ?? "";
  return place.split("/")[2] ?? null;
}

/**
 * Family and main version of a browser, and the system: what helps a desk, and tells no phone from its like.
 * @param {string} agent
 */
export function browserName(agent) {
  const [, family = "", major = ""] =
    /(MicroMessenger|EdgA?|HuaweiBrowser|MiuiBrowser|UCBrowser|SamsungBrowser|FxiOS|CriOS|Firefox|Chrome)\/(\d{1,4})/.exec(
      agent.replace(
        /Chrome\/(\d+)(.*(MicroMessenger|EdgA?|HuaweiBrowser|MiuiBrowser|UCBrowser|SamsungBrowser)\/)/,
        "$2",
      ),
    ) ?? (/Safari\//.test(agent) ? (/(Version)\/(\d{1,4})/.exec(agent) ?? []) : []);
  const name =
    { MicroMessenger: "WeChat", Edg: "Edge", EdgA: "Edge", CriOS: "Chrome", FxiOS: "Firefox", Version: "Safari" }[
      family
    ] ?? family;
  const system = /iPhone|iPad/.test(agent)
    ? "iOS"
    : /OpenHarmony|HarmonyOS/.test(agent)
      ? "HarmonyOS"
      : ((/Android/.exec(agent) ?? /Windows|Mac OS|Linux/.exec(agent))?.[0] ?? "");
  return [[name, major].filter(Boolean).join(" "), system].filter(Boolean).join(" · ");
}
