/** What was noted about a sitting, in order; each can be corrected or taken back, and nothing is overwritten. */
import { button, h, icon } from "../dom.js";
import { lateMark } from "../factwords.js";
import { clockTime } from "../format.js";
import { t } from "../i18n.js";
import { openSheet, timeStepper } from "../pieces.js";
import { standing } from "../standing.js";
import { lateBy } from "../state.js";
import { SITTING_FACTS } from "../words.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../types.js").SittingFact} SittingFact */
/** @typedef {import("../types.js").Session} Session */

/**
 * @param {App} app
 * @param {Session} session
 * @param {import("../types.js").SittingRow} sitting
 * @returns {Node[]}
 */
export function sittingTimeline(app, session, sitting) {
  const facts = sitting.facts.filter((fact) => fact.kind !== "sitting.undone");
  if (facts.length === 0) return [];
  const stands = new Set(
    standing(sitting.facts.map((fact) => ({ ...fact, at: Date.parse(fact.at) }))).map((fact) => fact.id),
  );
  const lines = facts.map((fact) => line(app, session, sitting, fact, stands.has(fact.id)));
  return [h("h2", {}, t("Noted")), h("ol", { class: "timeline" }, lines)];
}

/**
 * @param {App} app
 * @param {Session} session
 * @param {import("../types.js").SittingRow} sitting
 * @param {SittingFact} fact
 * @param {boolean} stands
 */
function line(app, session, sitting, fact, stands) {
  const { model, snapshot } = app;
  const what = t(SITTING_FACTS[fact.kind] ?? fact.kind);
  const late = fact.recorded_at && lateBy(snapshot, Date.parse(fact.at), Date.parse(fact.recorded_at)) > 0;
  const editable = stands && !KEPT.has(fact.kind) && model.may("sitting.note");
  return h(
    "li",
    { class: `timeline__item ${stands ? "is-info" : "is-muted"}` },
    h(
      "div",
      { class: "row row--apart" },
      h(
        "div",
        { class: stands ? "" : "struck" },
        h("span", { class: "strong numeric" }, clockTime(fact.at, model.zone)),
        ` ${what}`,
        fact.reason ? h("p", { class: "soft small" }, fact.reason) : null,
        late && fact.recorded_at ? h("p", {}, lateMark(fact.recorded_at, model.zone)) : null,
        stands ? null : h("p", { class: "soft small" }, t("replaced")),
        fact.pending ? h("p", { class: "soft small" }, icon("cloud-wait"), " ", t("waiting to be sent")) : null,
      ),
      editable
        ? button(t("Correct"), () => correct(app, session, sitting, fact), {
            kind: "quiet",
            icon: "pen",
            id: `correct-${fact.id}`,
            "aria-label": t("Correct: %(what)s", { what }),
          })
        : null,
    ),
  );
}

/**
 * @param {App} app
 * @param {Session} session
 * @param {import("../types.js").SittingRow} sitting
 * @param {SittingFact} fact
 */
function correct({ model, room }, session, sitting, fact) {
  const what = t(SITTING_FACTS[fact.kind] ?? fact.kind);
  openSheet(t("Correct: %(what)s", { what }), (close) => {
    const save = button(
      t("Save the corrected time"),
      () => {
        close();
        const data = { corrects: fact.id, ...(fact.reason && takesReason(fact.kind) && { reason: fact.reason }) };
        void model.note({ kind: fact.kind, room, session: session.code, occurredMs: stepper.at(), data });
      },
      { kind: "primary wide", icon: "check" },
    );
    save.disabled = true;
    const stepper = timeStepper({
      now: () => model.clock.now(),
      zone: model.zone,
      startMs: Date.parse(fact.at),
      onchange: () => {
        save.disabled = stepper.minutesBack() === 0;
      },
    });
    const back = button(
      t("It did not happen: take it back"),
      () => {
        close();
        void model.note({ kind: "sitting.undone", room, session: session.code, data: { undoes: fact.id } });
      },
      { kind: "danger wide", icon: "undo" },
    );
    const words = t("What was noted first stays visible beside the correction.");
    return [
      stepper.element,
      h("p", { class: "soft small" }, words),
      save,
      back,
      sitting.frozen_at ? h("p", {}, t("The chief monitor has frozen this session: they will see the change.")) : null,
    ];
  });
}

/** What a decision or another desk said is not this phone's to correct. */
const KEPT = new Set(["sitting.frozen", "sitting.spoken"]);

/** @param {string} kind */
const takesReason = (kind) => ["sitting.started", "sitting.paused", "sitting.ended"].includes(kind);
