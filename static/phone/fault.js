/**
 * What could not be kept on this phone is said loudly, whatever screen is open, and stays until a person has dealt with
 * it: nobody may walk on believing that it was noted.
 */
import { button, h } from "./dom.js";
import { factWords } from "./factwords.js";
import { t } from "./i18n.js";
import { note } from "./pieces.js";

/**
 * @param {import("./model.js").Model} model
 * @param {() => void} settled called when the person is done: the screen begins anew
 */
export function watchFaults(model, settled) {
  /** @type {HTMLDialogElement | null} */
  let open = null;
  let shown = "";
  const close = () => {
    open?.close();
    open?.remove();
    open = null;
    shown = "";
  };
  const look = () => {
    const key = JSON.stringify(model.unkept);
    if (!model.unkept) return open ? close() : undefined;
    if (key === shown) return;
    close();
    shown = key;
    open = faultDialog(model, settled);
    document.body.append(open);
    open.showModal();
    open.querySelector("h2")?.focus();
  };
  model.watch(look);
  look();
  // The dialog has said it; whoever only wanted to go on need not say it again.
  window.addEventListener("unhandledrejection", (event) => {
    if (model.unkept) event.preventDefault();
  });
}

/**
 * @param {import("./model.js").Model} model
 * @param {() => void} settled
 */
function faultDialog(model, settled) {
  const { unkept, snapshot, zone } = model;
  const facts = unkept?.drafts ?? [];
  const why = unkept?.full
    ? t("No room is left on this phone. Delete a few photos or videos, then try again.")
    : t("The phone could not keep it. Try again.");
  const again = button(
    t("Try again"),
    async () => {
      await model.keepAgain();
      if (!model.unkept) settled();
    },
    { kind: "primary huge", icon: "refresh" },
  );
  const onPaper = button(
    t("I have written it on paper"),
    () => {
      model.onPaper();
      settled();
    },
    { kind: "wide", icon: "pen" },
  );
  const dialog = h(
    "dialog",
    { class: "dialog", role: "alertdialog", "aria-labelledby": "fault-title", id: "fault" },
    h("h2", { id: "fault-title", tabindex: "-1" }, t("Not noted!")),
    note("bad", why),
    snapshot && facts.length > 0
      ? h(
          "ul",
          { class: "list" },
          facts.map((draft) =>
            h(
              "li",
              { class: "list__item row" },
              factWords(snapshot, draft, draft.occurredMs ?? model.clock.now(), zone),
            ),
          ),
        )
      : null,
    h("div", { class: "sheet-buttons" }, again, onPaper),
  );
  // Not to be waved away.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  return dialog;
}
