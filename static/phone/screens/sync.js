/** What is on this phone and what the server has: the honest line in full. */
import { button, fill, h, link } from "../dom.js";
import { clockTime, clockTimeSeconds, duration } from "../format.js";
import { t } from "../i18n.js";
import { isOpen } from "../outbox.js";
import { note } from "../pieces.js";
import { momentOf } from "../state.js";
import { SITTING_FACTS, STATUS } from "../words.js";
import { appCard } from "./app-card.js";
import { handedLine } from "./hand-over.js";

const CLOCK_OFF_MS = 120_000;

/** @type {Record<string, string>} */
const KINDS = {
  ...SITTING_FACTS,
  "attendance.checked_in": STATUS.present?.label ?? "",
  "attendance.absent": STATUS.absent?.label ?? "",
  "attendance.left": STATUS.left?.label ?? "",
  "attendance.returned": STATUS.returned?.label ?? "",
  "attendance.withdrawn": STATUS.withdrawn?.label ?? "",
  "attendance.refused": STATUS.refused?.label ?? "",
};

/**
 * @param {import("../app.js").App} app
 * @returns {import("../app.js").Screen}
 */
export function syncScreen(app) {
  const { model } = app;
  const summary = h("dl", { class: "facts" });
  const notes = h("div", { class: "stack stack--tight" });
  const list = h("div", { class: "stack stack--tight" });
  const again = button(t("Send now"), () => void model.sync.run({ force: true }), {
    kind: "primary huge",
    icon: "refresh",
  });
  const other = h(
    "div",
    { class: "frames__ways" },
    link(t("Hand over"), "#/hand-over", { icon: "seats", note: t("this phone cannot send") }),
    link(t("Take over from another phone"), "#/take-over", { icon: "camera" }),
  );
  const card = appCard(app);
  let shown = "";

  const update = () => {
    card.update();
    const { health } = model.sync;
    const open = model.facts.filter(isOpen);
    const handed = model.handOver.state(app.snapshot, model.facts);
    const off = model.snapshot?.window.mode === "real" ? model.clock.offsetMs() : 0;
    const key = JSON.stringify([open.length, model.facts.length, health.answeredAt, health.signedOut, health.busy]);
    if (key === shown) return;
    shown = key;
    /** @param {string} name @param {string | number} value */
    const line = (name, value) => [h("dt", {}, name), h("dd", { class: "numeric" }, value)];
    fill(
      summary,
      line(t("Waiting"), open.length),
      line(t("Received"), model.facts.filter((fact) => fact.state === "received").length),
      line(t("Server answered"), health.answeredAt ? clockTimeSeconds(health.answeredAt, model.zone) : t("not yet")),
    );
    fill(
      notes,
      health.signedOut &&
        note(
          "bad",
          t("This phone was signed out."),
          h("p", {}, t("Your facts are kept. Sign in again and they are sent.")),
          link(t("To the sign-in"), "/"),
        ),
      Math.abs(off) > CLOCK_OFF_MS &&
        note(
          "info",
          t("This phone's clock is %(time)s off. All times are corrected.", { time: duration(Math.abs(off) / 1000) }),
        ),
      handed.at !== null && handedLine(app, handed),
      model.setAside.length > 0 &&
        note(
          "bad",
          t("The server set facts aside: %(n)s", { n: model.setAside.length }),
          h("p", {}, t("Nothing is lost. Show this to the chief monitor.")),
        ),
    );
    fill(list, ...[...model.setAside, ...open].slice(0, 60).map((fact) => factLine(app, fact)));
    again.disabled = health.busy;
  };
  update();
  return {
    title: t("What is sent"),
    body: [notes, h("section", { class: "card" }, summary), list, card.node],
    bar: [h("div", { class: "phone-actions__stack" }, other, again)],
    update,
  };
}

/**
 * @param {import("../app.js").App} app
 * @param {import("../types.js").Fact} fact
 */
function factLine({ model, snapshot }, fact) {
  const student = snapshot.students.find((each) => each.code === fact.event.student);
  const words = KINDS[fact.event.kind];
  return h(
    "p",
    { class: "row" },
    h("time", { class: "soft" }, clockTime(momentOf(fact), model.zone)),
    h("span", {}, words ? t(words) : fact.event.kind),
    student ? h("span", { class: "strong" }, `${student.seat} ${student.name}`) : null,
  );
}
