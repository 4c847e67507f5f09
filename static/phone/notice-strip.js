/** On top of every screen: what must be confirmed, else what is unread. It sounds when a new one comes. */
import { h, icon, set } from "./dom.js";
import { t } from "./i18n.js";
import { isUnread, mustConfirm, noticesOf } from "./notices.js";
import { signal } from "./signals.js";

/**
 * @param {import("./model.js").Model} model
 * @returns {{ node: HTMLElement, update: () => void }}
 */
export function noticeStrip(model) {
  const node = h("a", { class: "notice-strip", href: "#/notices", id: "notice-strip", hidden: true });
  /** @type {Set<string> | null} */
  let known = null;

  const update = () => {
    const { snapshot } = model;
    const all = snapshot ? noticesOf(snapshot, model.facts) : [];
    const urgent = all.filter(mustConfirm);
    const unread = all.filter(isUnread);
    const first = urgent[0] ?? unread[0];
    const before = known;
    if (snapshot) known = new Set(all.map(({ id }) => id));
    if (before && unread.some(({ id }) => !before.has(id))) signal("attention");
    const count = new Set([...urgent, ...unread]).size;
    const words = urgent.length > 0 ? t("Please confirm: %(text)s", { text: first?.text ?? "" }) : first?.text;
    const key = first ? `${first.id}/${urgent.length > 0}/${count}/${words}` : "";
    if (node.dataset.key === key) return;
    node.dataset.key = key;
    node.hidden = !first;
    set(node, {
      class: `notice-strip is-${urgent.length > 0 ? "warn" : "info"}`,
      href: first && count === 1 ? `#/notices/${first.id}` : "#/notices",
    });
    node.replaceChildren(
      icon("bell"),
      h("span", { class: "strong notice-strip__text" }, words ?? ""),
      h("span", { class: "notice-strip__end" }, count > 1 ? String(count) : "", icon("chevron-right")),
    );
  };
  return { node, update };
}
