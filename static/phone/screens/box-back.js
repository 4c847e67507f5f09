/** The phone is back: what was ticked on paper goes in with one tap a seat, in the order of the sheet. */
import { draftsOf, NEXT } from "../box.js";
import { button, fill, h, icon, set } from "../dom.js";
import { clockTime } from "../format.js";
import { t } from "../i18n.js";
import { roomName, sessionName } from "../names.js";
import { openSheet, pickOne } from "../pieces.js";
import { planCheck, plannedSitting } from "../sitting.js";
import { STATUS } from "../words.js";
import { inSeatOrder, statusOf } from "./box.js";
import { askReason } from "./sitting.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../box.js").Seat} Seat */
/** @typedef {import("../box.js").Tick} Tick */
/** @typedef {import("../types.js").Student} Student */

const MINUTE = 60_000;
/** A finger that stays this long takes the tick away, or sets a time of its own. */
const HOLD_MS = 550;
/** @type {Record<Tick, string>} */
const LOOK = { open: "expected", present: "present", absent: "absent" };

/**
 * @param {App} app
 * @param {string[]} path
 * @returns {import("../app.js").Screen}
 */
export function boxBackScreen(app, [code = ""]) {
  const { model, snapshot, room } = app;
  const session = snapshot.sessions.find((each) => each.code === code);
  const place = snapshot.rooms.find((each) => each.code === room);
  if (!session)
    return { title: t("No such session"), body: [h("p", {}, t("The timetable has changed. Go back to Now."))] };
  const sitting = model.sitting(session.code, room) ?? plannedSitting(session, room);
  const now = () => model.clock.now();
  const plannedStart = Date.parse(session.starts_at);
  const known = inSeatOrder(app).map((student) => ({ student, status: statusOf(app, session, student) }));
  /** @type {Map<string, Seat>} */
  const seats = new Map(
    known
      .filter(({ status }) => status === "expected")
      .map(({ student }) => [student.code, { tick: "open", at: null }]),
  );
  /** @type {Map<string, HTMLButtonElement>} */
  const nodes = new Map();
  const grid = h("div", { class: "seats seats--ticks", role: "group", "aria-label": t("Seats") });
  const counts = h("p", { class: "row box-counts numeric", role: "status" });
  const save = button("", () => void finish(), { kind: "primary huge", icon: "check", id: "save" });
  const rest = button("", () => tickRest(), { kind: "wide", icon: "double-check", id: "rest" });

  const together = momentStepper(t("When it happened, for all"), Math.min(now(), plannedStart), model.zone, now, () =>
    drawSeats(),
  );
  const started =
    sitting.started_at && !sitting.spoken?.stands.includes("started_at")
      ? null
      : timeOption(t("The session started"), Math.min(now(), plannedStart), model.zone, now, () => drawSave());
  const plannedEnd = session.ends_at ? Date.parse(session.ends_at) : now();
  const ended =
    sitting.ended_at && !sitting.spoken?.stands.includes("ended_at")
      ? null
      : timeOption(t("The session ended"), Math.min(now(), plannedEnd), model.zone, now, () => drawSave());

  /** @param {Student} student */
  const drawSeat = (student) => {
    const node = nodes.get(student.code);
    const seat = seats.get(student.code);
    if (!node || !seat) return;
    const look = STATUS[LOOK[seat.tick]] ?? { label: seat.tick, icon: "dots" };
    const time = seat.at === null ? "" : clockTime(seat.at, model.zone);
    set(node, { class: `seat chip--${LOOK[seat.tick]}`, "data-tick": seat.tick });
    fill(
      node,
      h("span", {}, student.seat),
      icon(look.icon),
      h("span", { class: "seat__name" }, time || student.name),
      h("span", { class: "visually-hidden" }, `${student.name} ${t(look.label)} ${time}`),
    );
  };
  const drawSeats = () => {
    for (const { student } of known) drawSeat(student);
    drawSave();
  };
  /** @param {Tick} tick */
  const number = (tick) => [...seats.values()].filter((seat) => seat.tick === tick).length;
  const drawSave = () => {
    const [present, absent, open] = [number("present"), number("absent"), number("open")];
    const times = [started, ended].filter((each) => each?.at() != null).length;
    fill(counts, t("Present %(present)s · absent %(absent)s · open %(open)s", { present, absent, open }));
    rest.hidden = open === 0;
    rest.textContent = "";
    rest.append(icon("double-check"), t("All others present: %(n)s", { n: open }));
    const some = present + absent + times > 0;
    save.disabled = !some && !sitting.boxed_at;
    fill(
      save,
      icon("check"),
      h(
        "span",
        {},
        some ? t("Note it all") : t("Nothing to enter: phone is back"),
        some &&
          h(
            "span",
            { class: "button__note" },
            t("happened at %(time)s", { time: clockTime(together.at(), model.zone) }),
          ),
      ),
    );
  };

  /** @param {Student} student @param {Partial<Seat>} change */
  const change = (student, change) => {
    const seat = seats.get(student.code);
    if (!seat) return;
    seats.set(student.code, { ...seat, ...change });
    drawSeat(student);
    drawSave();
  };
  /** @param {Student} student */
  const tap = (student) => change(student, { tick: NEXT[seats.get(student.code)?.tick ?? "open"] });
  const tickRest = () => {
    for (const [name, seat] of seats) if (seat.tick === "open") seats.set(name, { ...seat, tick: "present" });
    drawSeats();
  };
  /** @param {Student} student */
  const hold = (student) =>
    seatSheet(app, student, seats.get(student.code) ?? { tick: "open", at: null }, together.at(), (next) =>
      change(student, next),
    );

  for (const { student, status } of known) {
    if (!seats.has(student.code)) {
      const look = STATUS[status] ?? { label: status, icon: "dots" };
      grid.append(
        h(
          "div",
          { class: `seat seat--known chip--${status}` },
          h("span", {}, student.seat),
          icon(look.icon),
          h("span", { class: "seat__name" }, student.name),
          h("span", { class: "visually-hidden" }, t(look.label)),
        ),
      );
      continue;
    }
    const node = h("button", { type: "button", "data-student": student.code });
    whenPressed(
      node,
      () => tap(student),
      () => hold(student),
    );
    nodes.set(student.code, node);
    grid.append(node);
  }

  const finish = async () => {
    save.disabled = true;
    /** @param {"sitting.started" | "sitting.ended"} kind @param {number | null | undefined} at */
    const withReason = async (kind, at) => {
      if (at == null) return null;
      const begun = started?.at() ?? null;
      const row = begun === null ? sitting : { ...sitting, started_at: new Date(begun).toISOString() };
      const check = planCheck(kind, session, row, at, snapshot.policies);
      if (!check.needsReason) return { at, reason: null };
      const reason = await new Promise((resolve) => {
        askReason(
          kind,
          check.minutes,
          async (words) => resolve(words),
          () => resolve(undefined),
        );
      });
      return reason === undefined ? undefined : { at, reason: /** @type {string} */ (reason) };
    };
    const begin = await withReason("sitting.started", started?.at());
    const end = begin === undefined ? undefined : await withReason("sitting.ended", ended?.at());
    if (begin === undefined || end === undefined) return drawSave();
    const drafts = draftsOf({ session, room, seats, at: together.at(), started: begin, ended: end, sitting });
    if (drafts.length > 0) await model.note(...drafts);
    app.flash("good", t("Noted: %(n)s. Marked as entered late.", { n: drafts.length }));
    app.go(`sitting/${encodeURIComponent(session.code)}`);
  };

  drawSeats();
  return {
    title: t("Phone is back"),
    subtitle: `${sessionName(session)} · ${roomName(place)}`,
    body: [
      h(
        "section",
        { class: "stack stack--tight" },
        h("p", { class: "strong" }, t("When it happened, for all")),
        together.element,
      ),
      h("p", { class: "soft small" }, t("Tap: present. Again: absent. Again: open. Hold: a time of its own.")),
      grid,
      h("div", { class: "stack stack--tight" }, started?.element ?? "", ended?.element ?? ""),
    ],
    bar: [h("div", { class: "phone-actions__stack" }, counts, rest, save)],
  };
}

/**
 * A tap, or a finger that stays. By keyboard: Enter taps, Shift and Enter hold.
 * @param {HTMLElement} node
 * @param {() => void} tap
 * @param {() => void} hold
 */
function whenPressed(node, tap, hold) {
  let timer = 0;
  let held = false;
  const end = () => clearTimeout(timer);
  node.addEventListener("pointerdown", () => {
    held = false;
    timer = window.setTimeout(() => {
      held = true;
      hold();
    }, HOLD_MS);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) node.addEventListener(name, end);
  node.addEventListener("contextmenu", (event) => event.preventDefault());
  node.addEventListener("click", (event) => {
    const after = held && event.detail > 0; // the click that ends a hold; a key's has no detail
    held = false;
    if (after) return;
    if (event.shiftKey) hold();
    else tap();
  });
}

/**
 * One seat: its tick, and a time of its own.
 * @param {App} app
 * @param {Student} student
 * @param {Seat} seat
 * @param {number} forAll
 * @param {(next: Seat) => void} then
 */
function seatSheet({ model }, student, seat, forAll, then) {
  openSheet(`${student.seat} ${student.name}`, (close) => {
    let tick = seat.tick === "open" ? /** @type {Tick} */ ("present") : seat.tick;
    const stepper = momentStepper(
      t("When it happened"),
      seat.at ?? forAll,
      model.zone,
      () => model.clock.now(),
      () => {},
    );
    const ticks = pickOne(
      t("Status"),
      [
        ["present", STATUS.present?.label ?? ""],
        ["absent", STATUS.absent?.label ?? ""],
        ["open", STATUS.expected?.label ?? ""],
      ],
      (picked) => {
        tick = /** @type {Tick} */ (picked);
      },
      { picked: tick, layout: "segments" },
    );
    const take = button(
      t("Set it so"),
      () => {
        close();
        then({ tick, at: stepper.at() === forAll ? null : stepper.at() });
      },
      { kind: "primary wide", icon: "check" },
    );
    return [ticks, stepper.element, take];
  });
}

/**
 * A minute of the day that can be moved; never one that lies ahead.
 * @param {string} label
 * @param {number} startMs
 * @param {string} zone
 * @param {() => number} now
 * @param {() => void} onchange
 */
function momentStepper(label, startMs, zone, now, onchange) {
  let at = Math.floor(startMs / MINUTE) * MINUTE;
  const shown = h("output", { class: "stepper__time", "aria-live": "polite" });
  const draw = () => fill(shown, h("span", { class: "stepper__clock" }, clockTime(at, zone)));
  /** @param {number} minutes */
  const step = (minutes) => () => {
    at = Math.min(at + minutes * MINUTE, Math.floor(now() / MINUTE) * MINUTE);
    draw();
    onchange();
  };
  draw();
  const element = h(
    "div",
    { class: "stepper", role: "group", "aria-label": label },
    button("−5", step(-5), { "aria-label": t("5 minutes earlier") }),
    button("−1", step(-1), { "aria-label": t("1 minute earlier") }),
    shown,
    button("+1", step(1), { "aria-label": t("1 minute later") }),
    button("+5", step(5), { "aria-label": t("5 minutes later") }),
  );
  return { element, at: () => at };
}

/**
 * A time of the session that is noted when it is ticked.
 * @param {string} label
 * @param {number} startMs
 * @param {string} zone
 * @param {() => number} now
 * @param {() => void} onchange
 */
function timeOption(label, startMs, zone, now, onchange) {
  const stepper = momentStepper(label, startMs, zone, now, onchange);
  const box = h("input", {
    type: "checkbox",
    onchange: () => {
      stepper.element.hidden = !box.checked;
      onchange();
    },
  });
  stepper.element.hidden = true;
  const element = h(
    "div",
    { class: "stack stack--tight" },
    h("label", { class: "choice" }, box, h("span", {}, label)),
    stepper.element,
  );
  return { element, at: () => (box.checked ? stepper.at() : null) };
}
