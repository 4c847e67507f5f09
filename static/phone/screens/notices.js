/** Notices: the list, and one of them with its button. Opening one is reading it. */
import { button, fill, h, icon, link } from "../dom.js";
import { clockTime } from "../format.js";
import { t } from "../i18n.js";
import { isUnread, mustConfirm, noticesOf } from "../notices.js";
import { note } from "../pieces.js";

/** @typedef {import("../types.js").Notice} Notice */

/**
 * @param {import("../app.js").App} app
 * @param {string[]} rest
 * @returns {import("../app.js").Screen}
 */
export function noticesScreen(app, [id = ""]) {
  return id ? oneScreen(app, id) : listScreen(app);
}

/** @param {import("../app.js").App} app @returns {import("../app.js").Screen} */
function listScreen(app) {
  const list = h("div", { class: "list" });
  let shown = "";
  const update = () => {
    const all = noticesOf(app.snapshot, app.model.facts);
    const key = JSON.stringify(all);
    if (key === shown) return;
    shown = key;
    const sorted = [...all].sort((a, b) => Number(mustConfirm(b)) - Number(mustConfirm(a)));
    fill(list, ...(sorted.length > 0 ? sorted.map((each) => line(app, each)) : [h("p", {}, t("No notices yet"))]));
  };
  update();
  return { title: t("Notices"), body: [list], bar: [link(t("Back"), "#/", { icon: "arrow-left" })], update };
}

/** @param {import("../app.js").App} app @param {Notice} notice */
function line({ model }, notice) {
  return h(
    "a",
    { class: "list__item", href: `#/notices/${notice.id}` },
    icon(isUnread(notice) || mustConfirm(notice) ? "bell" : "check"),
    h(
      "span",
      { class: "list__main" },
      h("span", { class: isUnread(notice) ? "strong" : "" }, notice.text),
      h("br"),
      h(
        "span",
        { class: "soft numeric" },
        `${notice.sender} · ${clockTime(notice.sent_at, model.zone)} · ${state(notice)}`,
      ),
    ),
    icon("chevron-right"),
  );
}

/** @param {Notice} notice */
function state(notice) {
  if (notice.withdrawn_at) return t("withdrawn");
  if (notice.confirmed_at) return t("confirmed");
  if (notice.must_confirm) return t("to be confirmed");
  return notice.read_at ? t("read") : t("new");
}

/**
 * @param {import("../app.js").App} app
 * @param {string} id
 * @returns {import("../app.js").Screen}
 */
function oneScreen(app, id) {
  const { model } = app;
  const body = h("article", { class: "card stack" });
  const bar = h("div", { class: "phone-actions__stack" });
  let shown = "";
  let said = false;
  let confirming = false;

  /** @param {string} kind */
  const say = (kind) => model.note({ kind, room: app.room || null, session: null, data: { notice: id } });
  const confirm = async () => {
    if (confirming) return;
    confirming = true;
    try {
      await say("notice.confirmed");
      app.flash("good", t("Confirmed."));
      app.go("");
    } finally {
      confirming = false;
    }
  };
  const update = () => {
    const notice = noticesOf(app.snapshot, model.facts).find((each) => each.id === id);
    if (notice && isUnread(notice) && !said) {
      said = true;
      void say("notice.read").catch(() => undefined);
    }
    const key = JSON.stringify(notice ?? null);
    if (key === shown) return;
    shown = key;
    if (!notice) {
      fill(body, h("p", {}, t("This notice is not on this phone.")));
      fill(bar, link(t("Notices"), "#/notices", { icon: "arrow-left" }));
      return;
    }
    const due = notice.confirm_by ? clockTime(notice.confirm_by, model.zone) : "";
    fill(
      body,
      notice.withdrawn_at && note("warn", t("This notice was withdrawn.")),
      h("p", { class: "notice-text" }, notice.text),
      h("p", { class: "soft numeric" }, `${notice.sender} · ${clockTime(notice.sent_at, model.zone)}`),
      mustConfirm(notice) && due && h("p", { class: "strong" }, t("Confirm by %(time)s", { time: due })),
      notice.confirmed_at &&
        note("good", t("You confirmed it at %(time)s.", { time: clockTime(notice.confirmed_at, model.zone) })),
    );
    fill(
      bar,
      mustConfirm(notice)
        ? button(t("Confirm"), () => void confirm(), { kind: "primary huge", icon: "check", id: "next" })
        : link(t("Notices"), "#/notices", { icon: "list" }),
    );
  };
  update();
  return { title: t("Notice"), body: [body], bar: [bar], update };
}
