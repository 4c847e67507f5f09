/** A small thing, noted in three taps: what, who, save. */
import { button, h } from "../dom.js";
import { t } from "../i18n.js";
import { roomName, sessionName } from "../names.js";
import { note, pickOne, timeStepper, wordsField } from "../pieces.js";
import { ANOMALY_CATEGORIES } from "../words.js";
import { reportTabs, sessionHere, studentPicker } from "./report-parts.js";

/**
 * @param {import("../app.js").App} app
 * @returns {import("../app.js").Screen}
 */
export function anomalyScreen(app) {
  const { model, room } = app;
  const session = sessionHere(app);
  const place = app.snapshot.rooms.find((each) => each.code === room);
  let category = "";
  const students = studentPicker(app, () => {});
  const words = wordsField(t("Note"));
  const time = timeStepper({ now: () => model.clock.now(), zone: model.zone, onchange: () => {} });

  const save = button(
    t("Save"),
    async () => {
      save.disabled = true;
      const text = words.value();
      await model.note({
        kind: "anomaly.noted",
        occurredMs: time.at(),
        room,
        session: session?.code ?? null,
        data: {
          category,
          ...(students.picked.size > 0 && { students: [...students.picked] }),
          ...(text && { note: text }),
        },
      });
      app.flash("good", t("Saved. It stays in the school."));
      app.go("");
    },
    { kind: "primary huge", icon: "check" },
  );
  save.disabled = true;
  const what = pickOne(t("What was it?"), ANOMALY_CATEGORIES, (code) => {
    category = code;
    save.disabled = false;
  });
  const who = h(
    "fieldset",
    { class: "field" },
    h("legend", { class: "field__label" }, t("Who?"), " ", h("span", { class: "field__optional" }, t("(optional)"))),
    students.grid,
  );
  return {
    title: t("Note a small thing"),
    subtitle: session ? `${roomName(place)} · ${sessionName(session)}` : roomName(place),
    body: [reportTabs("anomaly"), what, who, time.element, words.field, noted(app)],
    bar: [save],
    update: () => {
      if (time.isNow()) time.draw();
    },
  };
}

/** @param {import("../app.js").App} app */
function noted({ snapshot, room }) {
  const count = snapshot.states.anomalies.filter((each) => each.room === room).length;
  return count > 0 ? note("neutral", t("Noted for this room before: %(n)s", { n: count })) : h("span");
}
