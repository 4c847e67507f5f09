/** A nil report: "nothing happened", said on purpose. */
import { button, h } from "../dom.js";
import { t } from "../i18n.js";
import { roomName, sessionName } from "../names.js";
import { wordsField } from "../pieces.js";
import { reportTabs, sessionHere } from "./report-parts.js";

/**
 * @param {import("../app.js").App} app
 * @returns {import("../app.js").Screen}
 */
export function nilScreen(app) {
  const session = sessionHere(app);
  const room = app.snapshot.rooms.find((each) => each.code === app.room);
  const words = wordsField(t("Note"));
  const send = button(
    t("Nothing happened"),
    async () => {
      send.disabled = true;
      const text = words.value();
      await app.model.note({
        kind: "nil_report.made",
        room: app.room,
        session: session?.code ?? null,
        data: text ? { note: text } : {},
      });
      app.flash("good", t("Noted: nothing happened."));
      app.go("");
    },
    { kind: "primary huge", icon: "check" },
  );
  const about = session ? `${roomName(room)} · ${sessionName(session)}` : roomName(room);
  const hint = t("A report that all went well is worth as much as any other.");
  return {
    title: t("Nothing happened"),
    subtitle: about,
    body: [reportTabs("nil"), h("p", {}, hint), words.field],
    bar: [send],
  };
}
