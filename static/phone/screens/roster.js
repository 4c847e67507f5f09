/** Where the names are when they are not here: sealed until their time, or gone with the day. */
import { button, h, link, newId } from "../dom.js";
import { clockTime, dayName } from "../format.js";
import { t } from "../i18n.js";
import { note } from "../pieces.js";
import { grouped, parseCode, tidy } from "../release.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../app.js").Screen} Screen */

/** @param {string} at @param {string} zone */
const whenOf = (at, zone) => `${dayName(at, zone)} ${clockTime(at, zone)}`;

/**
 * @param {import("../types.js").Snapshot} snapshot
 * @returns {boolean} whether the names belong here now and are not here
 */
export const namesAway = ({ day, students }) => Boolean(day && day.state !== "open" && students.length === 0);

/**
 * Says it on the first screen; nothing while all is as it should be.
 * @param {App} app
 * @returns {HTMLElement | null}
 */
export function rosterNote({ model, snapshot }) {
  const { day } = snapshot;
  if (!model.vault.lasting && !namesAway(snapshot)) {
    return note(
      "warn",
      t(
        "This address is not secure (no https): the names are not kept on the phone and are gone when the page is closed.",
      ),
    );
  }
  if (!day || !namesAway(snapshot)) return null;
  const time = day.release_at ? whenOf(day.release_at, model.zone) : "";
  if (day.state === "closed") return note("info", t("The day is closed; the names were removed from this phone."));
  const after = (snapshot.closed_days ?? []).length > 0;
  return note(
    "info",
    after ? t("The day is closed; the names were removed from this phone.") : t("The list is here, sealed."),
    h(
      "p",
      {},
      after
        ? t("The names of the next day come at %(time)s.", { time })
        : t("The names reach this phone at %(time)s.", { time }),
    ),
    link(t("Key in the release code"), "#/release", { kind: "wide", icon: "lock" }),
  );
}

/**
 * The code that is read out over the telephone. It works without a network; the check character finds typing errors.
 * @param {App} app
 * @returns {Screen}
 */
export function releaseScreen(app) {
  const { model, snapshot } = app;
  const id = newId();
  const said = h("p", { class: "field__hint", id: `${id}-said`, role: "status" });
  const input = h("input", {
    class: "input mono numeric",
    id,
    type: "text",
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    maxlength: 28,
    "aria-describedby": `${id}-hint ${id}-said`,
    oninput: () => draw(),
  });
  const open = button(t("Open the list"), () => void tryIt(), { kind: "primary huge", icon: "lock" });

  const draw = () => {
    const atEnd = input.selectionStart === input.value.length;
    // Grouped as it is typed; somebody who corrects in the middle keeps their place.
    if (atEnd) input.value = grouped(input.value);
    const read = parseCode(input.value);
    const problem = "problem" in read ? read.problem : null;
    said.textContent =
      problem === "length"
        ? t("%(n)s of 17 characters", { n: tidy(input.value).length })
        : problem === "character"
          ? t("This sign never stands in the code: letters and digits without U.")
          : problem === "check"
            ? t("A character is wrong. Ask for the code again.")
            : "";
    input.toggleAttribute("aria-invalid", problem === "check" || problem === "character");
  };

  const tryIt = async () => {
    const read = parseCode(input.value);
    if ("problem" in read) {
      draw();
      input.focus();
      return;
    }
    if (await model.release(read.code)) {
      app.flash("good", t("The list is open."));
      app.go("");
      return;
    }
    said.textContent = t("This code is of another school or day.");
    input.focus();
  };

  const form = h(
    "form",
    {
      class: "stack",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        void tryIt();
      },
    },
    h(
      "div",
      { class: "field" },
      h("label", { class: "field__label", for: id }, t("Code from the county desk")),
      h("span", { class: "field__hint", id: `${id}-hint` }, t("17 letters and digits, in groups of four.")),
      input,
      said,
    ),
  );
  const sealed = Boolean(snapshot.sealed_roster);
  const { day } = snapshot;
  const time = day?.release_at ? whenOf(day.release_at, model.zone) : "";
  const words = sealed
    ? note(
        "info",
        t("The names reach this phone at %(time)s.", { time }),
        h("p", {}, t("Without a network at that time, the county desk reads a code out over the telephone.")),
      )
    : (rosterNote(app) ?? note("good", t("The list is open.")));
  return {
    title: t("Release code"),
    body: sealed ? [words, form] : [words],
    bar: sealed ? [open] : [link(t("Now"), "#/", { kind: "wide", icon: "clock" })],
  };
}
