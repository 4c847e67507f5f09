/** A session in a room: one big button for what comes next, an earlier time when it is noted afterwards, corrections. */
import { button, fill, h, icon } from "../dom.js";
import { clockTime, deviation, plannedTimes } from "../format.js";
import { msg, t } from "../i18n.js";
import { roomName, sessionName } from "../names.js";
import { chip, note, openSheet, timeStepper, wordsField } from "../pieces.js";
import { lawfulEndWhenResumed, mayNote, nextAction, planCheck, plannedSitting } from "../sitting.js";
import { SITTING_FACTS } from "../words.js";
import { otherWays } from "./box.js";
import { sittingTimeline } from "./sitting-timeline.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../sitting.js").SittingKind} SittingKind */
/** @typedef {import("../types.js").Session} Session */

/**
 * Ready words for what happens most, so that nobody has to type in a corridor.
 * @param {SittingKind} kind
 * @param {number} minutes from the plan
 */
function readyReasons(kind, minutes) {
  if (kind === "sitting.paused") {
    return [
      msg("Power cut"),
      msg("Student taken ill"),
      msg("noise or disturbance"),
      msg("Evacuation"),
      msg("Wrong papers"),
    ];
  }
  if (kind === "sitting.started") {
    return minutes < 0
      ? [msg("All were ready earlier")]
      : [msg("Materials came late"), msg("Students came late"), msg("Instructions took longer")];
  }
  return minutes < 0 ? [msg("All were done earlier"), msg("Evacuation")] : [msg("Time was made up")];
}

/**
 * @param {App} app
 * @param {string[]} path
 * @returns {import("../app.js").Screen}
 */
export function sittingScreen(app, [code = ""]) {
  const session = app.snapshot.sessions.find((each) => each.code === code);
  const place = app.snapshot.rooms.find((each) => each.code === app.room);
  if (!session)
    return { title: t("No such session"), body: [h("p", {}, t("The timetable has changed. Go back to Now."))] };
  const { model, room } = app;
  const sittingNow = () => model.sitting(session.code, room) ?? plannedSitting(session, room);

  const status = h("section", { class: "card sitting", "aria-live": "polite" });
  const when = h("div", { class: "phone-actions__stack" });
  const timeline = h("section", { class: "stack stack--tight" });
  const bar = h("div", { class: "phone-actions__stack" });
  const ways = h("div", { class: "stack stack--tight" });
  const stepper = timeStepper({ now: () => model.clock.now(), zone: model.zone, onchange: () => update(true) });
  let shown = "";

  /** @param {SittingKind} kind */
  const record = async (kind, extra = {}) => {
    await model.note({ kind, room, session: session.code, occurredMs: stepper.at(), data: extra });
    app.say(t("Noted: %(what)s", { what: t(SITTING_FACTS[kind] ?? kind) }));
    // The next fact is told from now on again.
    app.go(`sitting/${encodeURIComponent(session.code)}`);
  };

  /** @param {SittingKind} kind */
  const press = (kind) => {
    const check = planCheck(kind, session, sittingNow(), stepper.at(), app.snapshot.policies);
    if (!check.needsReason) return void record(kind);
    return void askReason(kind, check.minutes, (reason) => record(kind, { reason }));
  };

  const update = (force = false) => {
    const sitting = sittingNow();
    if (stepper.isNow()) stepper.draw();
    const minute = Math.floor(stepper.at() / 60_000);
    const key = JSON.stringify([sitting, minute]);
    if (key === shown && !force) return;
    shown = key;
    fill(status, ...statusWords(app, session, sitting));
    const following = nextAction(sitting.state);
    const next = following && mayNote(following.kind, model.may) ? following : null;
    fill(when, next && stepper.element);
    fill(bar, ...buttons(next));
    fill(timeline, ...sittingTimeline(app, session, sitting));
    fill(ways, ...otherWays(app, session, sitting));
  };

  /** @param {{ kind: SittingKind, label: string } | null} next */
  const buttons = (next) => {
    if (!next) return [];
    const sitting = sittingNow();
    const at = clockTime(stepper.at(), model.zone);
    const { minutes } = planCheck(next.kind, session, sitting, stepper.at(), app.snapshot.policies);
    const lawful = next.kind === "sitting.resumed" ? lawfulEndWhenResumed(session, sitting, stepper.at()) : null;
    const about = [
      at,
      minutes === null ? "" : deviation(minutes),
      lawful === null ? "" : t("then until %(time)s", { time: clockTime(lawful, model.zone) }),
    ].filter(Boolean);
    const shape = {
      "sitting.started": "play",
      "sitting.ended": "stop",
      "sitting.resumed": "play",
      "sitting.sealed": "seal",
    };
    const main = button(t(next.label), () => press(next.kind), {
      kind: "primary huge",
      icon: shape[/** @type {"sitting.started"} */ (next.kind)],
      note: about.join(" · "),
      id: "next",
    });
    const pause = button(t("Interruption"), () => press("sitting.paused"), {
      kind: "wide",
      icon: "pause",
      id: "pause",
    });
    return sitting.state === "running" ? [pause, main] : [main];
  };

  update();
  return {
    title: sessionName(session),
    subtitle: `${roomName(place)} · ${plannedTimes(session)}`,
    body: [status, timeline, ways],
    bar: [when, bar],
    update: () => update(),
  };
}

/**
 * @param {App} app
 * @param {Session} session
 * @param {import("../types.js").SittingRow} sitting
 */
function statusWords({ model }, session, sitting) {
  const { zone } = model;
  /** @param {string} name @param {string | null} at @param {number | null} [off] */
  const line = (name, at, off = null) =>
    at
      ? [
          h("dt", {}, name),
          h("dd", { class: "numeric" }, clockTime(at, zone), off === null ? "" : ` · ${deviation(off)}`),
        ]
      : [];
  return [
    h(
      "div",
      { class: "card__head" },
      h(
        "span",
        { class: "row" },
        chip(sitting.state),
        sitting.spoken?.stands.length ? chip("spoken") : null,
        sitting.boxed_at ? chip("boxed", clockTime(sitting.boxed_at, zone)) : null,
      ),
      sitting.frozen_at ? chip("frozen") : null,
    ),
    h(
      "dl",
      { class: "facts" },
      h("dt", {}, t("Planned")),
      h("dd", { class: "numeric" }, plannedTimes(session)),
      line(t("Started"), sitting.started_at, sitting.start_deviation_min),
      line(t("Paused since"), sitting.paused_at),
      sitting.paused_s > 0
        ? [
            h("dt", {}, t("Time lost")),
            h("dd", { class: "numeric" }, t("%(n)s min", { n: Math.round(sitting.paused_s / 60) })),
          ]
        : [],
      sitting.ended_at ? [] : line(t("Students may work until"), sitting.paused_at ? null : sitting.lawful_end_at),
      line(t("Ended"), sitting.ended_at, sitting.end_deviation_min),
      line(t("Papers sealed"), sitting.sealed_at),
    ),
    sitting.state === "sealed" && note("good", t("This session is done.")),
  ];
}

/**
 * Outside the tolerance, and for an interruption, why is asked before anything is noted.
 * @param {SittingKind} kind
 * @param {number | null} minutes
 * @param {(reason: string) => Promise<void>} then
 * @param {() => void} [instead] it was closed without a reason
 */
export function askReason(kind, minutes, then, instead) {
  const title =
    kind === "sitting.paused"
      ? t("Why is it interrupted?")
      : t("%(deviation)s. Why?", { deviation: deviation(minutes ?? 0) });
  let taken = false;
  openSheet(
    title,
    (close) => {
      const words = wordsField(t("In other words"), { optional: false });
      /** @param {string} reason */
      const take = (reason) => {
        taken = true;
        close();
        void then(reason);
      };
      const own = button(t("Note it so"), () => take(words.value()), { kind: "primary wide" });
      own.disabled = true;
      words.input.addEventListener("input", () => {
        own.disabled = words.value() === "";
      });
      const ready = readyReasons(kind, minutes ?? 0).map((reason) =>
        button(t(reason), () => take(t(reason)), { kind: "wide" }),
      );
      const calm = h(
        "p",
        { class: "soft small" },
        icon("info"),
        " ",
        t("It happens. The reason goes with the time and nobody is blamed."),
      );
      return [calm, h("div", { class: "sheet-buttons" }, ready), words.field, own];
    },
    () => {
      if (!taken) instead?.();
    },
  );
}
