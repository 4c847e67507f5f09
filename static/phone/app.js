/**
 * The frame of the phone's screens: state line on top, content, thumb bar below; and the router of `#/…` paths.
 */
import { button, fill, h, icon, link, loadIcons, set } from "./dom.js";
import { schoolRole } from "./duties.js";
import { watchFaults } from "./fault.js";
import { clockTime, clockTimeSeconds } from "./format.js";
import { loadLocale, t } from "./i18n.js";
import { Model } from "./model.js";
import { noticeStrip } from "./notice-strip.js";
import { sessionNow, sessionsOf } from "./nowcard.js";
import { note } from "./pieces.js";
import { screenFor } from "./routes.js";
import { awayFrom } from "./screens/away.js";
import { mayWork } from "./screens/cannot.js";
import { namesAway } from "./screens/roster.js";
import { startShell, takeOverAtStart, watchShell } from "./shell.js";
import { wakeSound } from "./signals.js";
import { updateHeld } from "./update.js";

/**
 * @typedef {object} Screen
 * @property {string} title
 * @property {string} [subtitle]
 * @property {Node[]} [head] stays in sight below the state line
 * @property {Node[]} body
 * @property {Node[]} [bar] in the reach of the thumb
 * @property {() => void} [update] something changed: a fact, the snapshot, the time
 * @property {() => void} [dispose] the screen is left
 */
/**
 * @typedef {object} App
 * @property {Model} model
 * @property {import("./types.js").Snapshot} snapshot
 * @property {string} room code of the room that is worked in
 * @property {(room: string) => void} pickRoom
 * @property {(path: string) => void} go
 * @property {(words: string) => void} say for screen readers
 * @property {(tone: "good" | "warn" | "bad", words: string) => void} flash a note on the next screen
 */

const STALE_MS = 90_000;
const TICK_MS = 1_000;
/** Screens that are nothing without the names. */
const OF_NAMES = new Set(["check-in", "box", "box-back"]);

const root = /** @type {HTMLElement} */ (document.getElementById("phone"));
const title = h("h1", { class: "phone-title", tabindex: "-1" });
const subtitle = h("p", { class: "phone-subtitle" });
const stateLine = h("a", { class: "state-line", href: "#/sync" });
const stateEnd = h("span", { class: "state-line__end" });
const head = h("div", { class: "phone-extra" });
const main = h("main", { class: "phone__body stack", id: "main" });
const bar = h("div", { class: "phone-actions" });
const nav = h("nav", { class: "phone-nav" });
const announcer = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });

/** @type {Screen | null} */
let screen = null;
/** @type {{ tone: "good" | "warn" | "bad", words: string } | null} */
let flashed = null;
let path = "";

/** @param {Model} model */
function frame(model) {
  const strip = noticeStrip(model);
  model.watch(strip.update);
  strip.update();
  root.replaceChildren(
    h(
      "header",
      { class: "phone__head" },
      h("div", { class: "phone-bar" }, h("div", { class: "phone-titles" }, title, subtitle), clockOf(model)),
      strip.node,
      stateLine,
      head,
    ),
    main,
    h("footer", { class: "thumb-bar" }, bar, nav),
    announcer,
  );
}

/** @param {Model} model */
function clockOf(model) {
  const clock = h("time", { class: "phone-clock numeric" });
  // A wrong clock is seen at the time itself, and said in full behind the state line.
  const mark = h("a", { class: "clock-mark", href: "#/sync", hidden: true }, icon("clock"));
  const draw = () => {
    // Before the server has ever been heard, no time is better than a wrong one.
    clock.textContent = model.clock.source() === "wall" ? "" : clockTime(model.clock.now(), model.zone);
    const state = model.clockState;
    if (mark.dataset.state === state) return;
    mark.dataset.state = state;
    const words = /** @type {Record<string, string>} */ ({
      right: "",
      off: t("This phone's clock is wrong; this time is right."),
      unsure: t("This time could not be checked with the server yet."),
    })[state];
    mark.hidden = state === "right";
    set(mark, { "aria-label": words || null, title: words || null });
  };
  setInterval(draw, TICK_MS);
  model.watch(draw);
  draw();
  return h("div", { class: "row clock-box" }, mark, clock);
}

/** @param {Model} model */
function drawStateLine(model) {
  const { health } = model.sync;
  const waiting = model.waiting;
  const aside = model.setAside.length;
  const silent = health.answeredMono === null || performance.now() - health.answeredMono > STALE_MS;
  const heard = health.answeredAt
    ? t("server answered %(time)s", { time: clockTimeSeconds(health.answeredAt, model.zone) })
    : t("server not reached yet");
  const facts = health.signedOut
    ? t("Signed out. Kept here: %(n)s", { n: waiting })
    : waiting > 0
      ? t("Waiting to be sent: %(n)s", { n: waiting })
      : aside > 0
        ? t("To be looked at: %(n)s", { n: aside })
        : t("All sent");
  const tone = health.signedOut || aside > 0 ? "bad" : waiting > 0 || silent ? "warn" : "good";
  const shape = silent ? "signal-off" : waiting > 0 ? "cloud-wait" : "cloud-done";
  // The parts are changed one by one: a symbol that is made anew flickers, every second.
  const key = `${tone}/${shape}/${facts}`;
  if (stateLine.dataset.key !== key) {
    stateLine.dataset.key = key;
    set(stateLine, { class: `state-line is-${tone}` });
    stateLine.replaceChildren(icon(shape), h("span", { class: "strong" }, facts), stateEnd);
  }
  if (stateEnd.textContent !== heard) stateEnd.textContent = heard;
}

/**
 * The room that this person works in: the one picked before, else the only one of theirs, else none yet.
 * @param {import("./types.js").Snapshot} snapshot
 */
function roomOf(snapshot) {
  const picked = localStorage.getItem(`room/${snapshot.window.code}`);
  if (picked && snapshot.rooms.some((room) => room.code === picked)) return picked;
  const mine = snapshot.rooms.filter((room) => room.mine);
  if (mine.length === 1) return mine[0]?.code ?? "";
  return snapshot.rooms.length === 1 ? (snapshot.rooms[0]?.code ?? "") : "";
}

/**
 * The session that a room is in or comes to; the last one when all are over.
 * @param {Model} model
 * @param {import("./types.js").Snapshot} snapshot
 * @param {string} room
 */
function currentSession(model, snapshot, room) {
  const sessions = sessionsOf(snapshot, room);
  return sessionNow(sessions, (code) => model.sitting(code, room), model.clock.now()) ?? sessions.at(-1);
}

/** @param {Model} model */
function drawNav(model) {
  const { snapshot } = model;
  const room = snapshot ? roomOf(snapshot) : "";
  if (!snapshot || (!room && !schoolRole(snapshot.duties))) {
    nav.dataset.key = "";
    nav.replaceChildren();
    return;
  }
  // Who has the whole school in hand and no room reports too; the room is asked for then.
  const session = room ? currentSession(model, snapshot, room) : undefined;
  const code = encodeURIComponent(session?.code ?? "");
  const here = path.split("/")[0] ?? "";
  const key = `${code}/${here}/${snapshot.duties.flatMap((duty) => duty.actions)}`;
  if (nav.dataset.key === key) return;
  nav.dataset.key = key;
  /** @param {string} label @param {string} to @param {string} shape @param {string[]} screens */
  const entry = (label, to, shape, screens) =>
    h(
      "a",
      { class: "phone-nav__link", href: `#/${to}`, "aria-current": screens.includes(here) && "page" },
      icon(shape),
      label,
    );
  set(nav, { "aria-label": t("Screens") });
  fill(
    nav,
    entry(t("Now"), "", "clock", ["", "rooms", "room", "ready", "school"]),
    room && model.may("attendance.note") && entry(t("Check-in"), `check-in/${code}`, "scan", ["check-in"]),
    room &&
      (model.may("sitting.note") || model.may("sitting.seal")) &&
      entry(t("Session"), `sitting/${code}`, "play", ["sitting"]),
    entry(t("Report"), "anomaly", "flag", ["anomaly", "incident", "nil"]),
  );
}

/**
 * Nothing can be shown yet: say which and what to do.
 * @param {Model} model
 * @returns {Screen}
 */
function waitingScreen(model) {
  if (model.sync.health.closed === "which-county") return deskScreen();
  const again = button(t("Try again"), () => void model.sync.run({ force: true }), {
    kind: "primary huge",
    icon: "refresh",
  });
  if (model.sync.health.signedOut) {
    const words = t("Open the sign-in link of today on this phone, or ask the chief monitor for a new one.");
    const gone = model.wiped && h("p", {}, t("The names were removed from this phone."));
    const kept =
      model.waiting > 0 &&
      h(
        "p",
        {},
        t("Facts not sent yet: %(n)s. They stay here and go on when you sign in again.", { n: model.waiting }),
      );
    const door = link(t("To the sign-in"), "/", { kind: "primary huge" });
    return {
      title: t("Not signed in"),
      body: [note("warn", t("This phone is not signed in."), h("p", {}, words), gone, kept)],
      bar: [door],
    };
  }
  const body = model.sync.health.busy
    ? [h("p", { class: "soft", role: "status" }, t("Fetching the list…"))]
    : [
        note(
          "warn",
          t("The list is not on this phone yet."),
          h("p", {}, t("It needs the network once. After that it works without.")),
        ),
      ];
  return { title: t("Fieldops"), body, bar: [again] };
}

/**
 * People who belong to no one school: at a desk, or on a visit.
 * @returns {Screen}
 */
function deskScreen() {
  return {
    title: t("Fieldops"),
    body: [
      note(
        "info",
        t("Your duty is not at one school."),
        h("p", {}, t("Open a school on your board: it says what runs where and who needs somebody.")),
        h("p", {}, t("On a visit, stay in the corridor and enter no room; report from the board what you see.")),
      ),
    ],
    bar: [link(t("To the board"), "/", { kind: "primary huge" })],
  };
}

/**
 * @param {Model} model
 * @param {boolean} [fromTop] also when the path is the same as before
 */
function show(model, fromTop = false) {
  const { snapshot } = model;
  const before = path;
  path = decodeURI(location.hash.replace(/^#\/?/, ""));
  screen?.dispose?.();
  if (!snapshot)
    for (const open of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (open).close();
  screen = snapshot ? screenOf(model, snapshot) : waitingScreen(model);
  title.textContent = screen.title;
  subtitle.textContent = screen.subtitle ?? "";
  subtitle.hidden = !screen.subtitle;
  document.title = `${screen.title} · ${t("Fieldops")}`;
  head.replaceChildren(...(screen.head ?? []));
  main.replaceChildren(...(flashed ? [note(flashed.tone, flashed.words)] : []), ...screen.body);
  if (flashed) say(flashed.words);
  flashed = null;
  bar.replaceChildren(...(screen.bar ?? []));
  bar.hidden = !screen.bar?.length;
  drawNav(model);
  drawStateLine(model);
  if (before !== path || fromTop) {
    main.scrollTop = 0;
    window.scrollTo(0, 0); // a phone on its side scrolls as a whole
    title.focus({ preventScroll: true });
  }
}

/**
 * @param {Model} model
 * @param {import("./types.js").Snapshot} snapshot
 * @returns {Screen}
 */
function screenOf(model, snapshot) {
  if (!snapshot.school || snapshot.rooms.length === 0) return deskScreen();
  let [name = "", ...rest] = path.split("/").map(decodeURIComponent);
  const room = roomOf(snapshot);
  // The home screen's shortcut knows no session: the one that is on, or comes next.
  if (name === "check-in" && !rest[0]) rest = [currentSession(model, snapshot, room)?.code ?? ""];
  if (name === "" && schoolRole(snapshot.duties)) name = "school";
  const wanted = path;
  const make = screenFor(namesAway(snapshot) && OF_NAMES.has(name) ? "release" : name, room, () => {
    if (path === wanted) show(model, true);
  });
  /** @type {App} */
  const app = {
    model,
    get snapshot() {
      return model.snapshot ?? snapshot;
    },
    room,
    pickRoom: (code) => {
      localStorage.setItem(`room/${snapshot.window.code}`, code);
      app.go(schoolRole(snapshot.duties) ? "room" : "");
    },
    go: (to) => {
      const same = location.hash === `#/${to}`;
      location.hash = `#/${to}`;
      if (same) show(model, true);
    },
    say,
    flash: (tone, words) => {
      flashed = { tone, words };
    },
  };
  return make(app, rest);
}

/** @param {string} words */
function say(words) {
  announcer.textContent = "";
  // A moment apart, so that the same words twice are read twice.
  setTimeout(() => {
    announcer.textContent = words;
  }, 50);
}

/**
 * What the whole screen is drawn for: another person, another window, or names that came or went.
 * @param {Model} model
 */
function shownOf({ snapshot }) {
  if (!snapshot) return "";
  const names = snapshot.students.length > 0 ? "names" : `none/${snapshot.day?.state}/${snapshot.day?.date}`;
  return `${snapshot.person.id}/${snapshot.window.code}/${names}`;
}

async function begin() {
  const lang = document.documentElement.lang;
  let model;
  try {
    model = await Model.open();
  } catch {
    await mayWork(root, false);
    return;
  }
  await mayWork(root, true);
  const away = awayFrom(location);
  if (away) history.replaceState(null, "", `/phone${away}`);
  const { snapshot: kept, current, clock } = model;
  const room = kept ? roomOf(kept) : "";
  if (await takeOverAtStart(() => updateHeld({ snapshot: kept, current, room, nowMs: clock.now() }) !== null)) return;
  let speaks = model.snapshot?.person.locale || lang;
  await Promise.all([loadLocale(speaks), loadIcons()]);
  set(document.documentElement, { lang: speaks.startsWith("zh") ? "zh-CN" : speaks });
  frame(model);
  show(model);
  let shownFor = shownOf(model);
  model.watch(async () => {
    drawStateLine(model);
    const wanted = model.snapshot?.person.locale || speaks;
    const now = shownOf(model);
    if (wanted !== speaks) {
      speaks = wanted;
      await loadLocale(speaks);
      set(document.documentElement, { lang: speaks.startsWith("zh") ? "zh-CN" : speaks });
      stateLine.dataset.key = "";
      nav.dataset.key = "";
      shownFor = "";
    }
    if (now !== shownFor || !model.snapshot) {
      shownFor = now;
      show(model);
    } else {
      drawNav(model);
      screen?.update?.();
    }
  });
  watchFaults(model, () => show(model, true));
  window.addEventListener("hashchange", () => show(model));
  // Browsers give sound only after a touch.
  document.addEventListener("pointerdown", wakeSound, { once: true });
  setInterval(() => {
    drawStateLine(model);
    screen?.update?.();
    void model.closeByClock();
  }, TICK_MS);
  model.connect();
  watchShell(() => screen?.update?.());
  startShell();
}

void begin();
