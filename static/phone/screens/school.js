/** Now, for who has the whole school: what comes next, rooms not started, open incidents; the board one tap away. */
import { fill, h, icon, link } from "../dom.js";
import { checkedAt, checkIsDue, schoolRole } from "../duties.js";
import { t } from "../i18n.js";
import { schoolCard } from "../schoolcard.js";
import { appLine } from "./app-card.js";
import { checkNote } from "./check-note.js";
import { roomsScreen } from "./rooms.js";

/**
 * @param {import("../app.js").App} app
 * @returns {import("../app.js").Screen}
 */
export function schoolScreen(app) {
  const { model } = app;
  const role = schoolRole(app.snapshot.duties) ?? "chief_monitor";
  const card = h("section", { class: "card now", "aria-labelledby": "now-title" });
  const more = h("div", { class: "stack stack--tight" });
  const rooms = h("section", { class: "stack stack--tight" });
  const bar = h("div", { class: "phone-actions__stack" });
  const line = appLine(app);
  let shown = "";

  const update = () => {
    line.update();
    const { snapshot } = app;
    const nowMs = model.clock.now();
    const now = schoolCard({ snapshot, current: model.current, nowMs, role });
    const due = checkIsDue(checkedAt(model.facts, snapshot.device.id), nowMs);
    const key = JSON.stringify([now, due, [...model.current.sittings.values()], model.current.attendance.size]);
    if (key === shown) return;
    shown = key;
    card.className = `card now is-${now.tone}`;
    fill(
      card,
      h("h2", { class: "now__title", id: "now-title" }, t(now.title, now.params)),
      h("p", {}, t(now.hint, now.params)),
    );
    const base = `/c/${snapshot.county?.code}/s/${snapshot.school?.code}`;
    fill(
      more,
      due && checkNote(),
      now.incidents > 0 &&
        h(
          "a",
          { class: "note is-bad", href: model.may("incident.view") ? `${base}/incidents` : "#/incident" },
          icon("flag"),
          h("span", { class: "note__body strong" }, t("Incidents open: %(n)s", { n: now.incidents })),
        ),
      model.may("phones.view") && link(t("Phones of the school"), `${base}/phones`, { kind: "wide", icon: "phone" }),
    );
    fill(rooms, h("h2", {}, t("Rooms")), ...roomsScreen(app).body.slice(0, 1)); // the way to the board is below
    const to = { board: model.may("school.view") ? `${base}/board` : "#/rooms", rooms: "#/rooms", nil: "#/nil" }[
      now.opens ?? "rooms"
    ];
    const shape = { board: "seats", rooms: "room", nil: "check" }[now.opens ?? "rooms"];
    fill(bar, now.action && link(t(now.action), to, { kind: "primary huge", icon: shape, id: "next" }));
  };
  update();
  const rehearsal =
    app.snapshot.window.mode === "rehearsal"
      ? h("p", { class: "chip chip--rehearsal" }, icon("clock"), t("Rehearsal: nothing here counts"))
      : null;
  return {
    title: app.snapshot.school?.name ?? t("Fieldops"),
    subtitle: "",
    body: [rehearsal, card, more, rooms, line.node].filter((node) => node !== null),
    bar: [bar],
    update,
  };
}
