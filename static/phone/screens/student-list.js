/** The students of a room as seats or by name: made once, brought up to date in place, so that no tap goes astray. */
import { fill, h, icon, set } from "../dom.js";
import { firstNoted } from "../factwords.js";
import { t } from "../i18n.js";
import { keyOf } from "../state.js";
import { STATUS } from "../words.js";

/** @typedef {import("../types.js").Student} Student */

/**
 * @param {import("../app.js").App} app
 * @param {string} session
 * @param {(student: Student, method: "seat" | "name") => void} onpick
 */
export function studentList({ model, snapshot, room }, session, onpick) {
  const students = snapshot.students
    .filter((student) => student.room === room)
    .sort((a, b) => Number(a.seat) - Number(b.seat) || String(a.seat).localeCompare(String(b.seat)));
  const element = h("div", {});
  /** @type {"seats" | "list"} */
  let view = "seats";
  /** @type {"seats" | "list"} */
  let shownAs = "seats";
  let search = "";
  /** @type {Map<string, { node: HTMLButtonElement, shown: string }>} */
  const nodes = new Map();

  /** @param {Student} student */
  const matches = (student) => {
    if (!search) return true;
    if (/^\d+$/.test(search)) return String(Number(student.seat)).startsWith(String(Number(search)));
    return student.name.toLocaleLowerCase().includes(search.toLocaleLowerCase());
  };

  const build = () => {
    // What is searched for is shown with the whole name, whatever the view.
    shownAs = search ? "list" : view;
    nodes.clear();
    const shown = students.filter(matches);
    for (const student of shown) {
      const method = shownAs === "seats" ? "seat" : "name";
      const node = h("button", { type: "button", onclick: () => onpick(student, method) });
      nodes.set(student.code, { node, shown: "" });
    }
    element.className = shownAs === "seats" ? "seats" : "list";
    fill(
      element,
      shown.length === 0 && h("p", { class: "empty" }, t("Nobody here with that seat or name.")),
      ...[...nodes.values()].map(({ node }) => node),
    );
    update();
  };

  /**
   * What is to be known beside the status, in a few words each.
   * @param {import("../state.js").Attendance | undefined} row
   * @param {import("../told.js").Before | undefined} first
   */
  const remarksOn = (row, first) => [
    ...(row?.flags.includes("late_entry") ? [t("late entry")] : []),
    ...(first ? [firstNoted(first, model.zone)] : []),
  ];

  const update = () => {
    const before = new Map(
      model.notedBefore.filter((each) => each.session === session).map((each) => [each.student, each]),
    );
    for (const student of students) {
      const entry = nodes.get(student.code);
      if (!entry) continue;
      const row = model.current.attendance.get(keyOf(session, student.code));
      const status = row?.status ?? (student.exempt ? "exempt" : "expected");
      const pending = row?.pending ?? false;
      const remarks = remarksOn(row, before.get(student.code));
      const shown = `${status}/${pending}/${remarks.join("/")}`;
      if (entry.shown === shown) continue;
      nodes.set(student.code, { ...entry, shown });
      draw(entry.node, student, status, pending, remarks);
    }
  };

  /**
   * @param {HTMLButtonElement} node @param {Student} student @param {string} status @param {boolean} pending
   * @param {string[]} remarks
   */
  const draw = (node, student, status, pending, remarks) => {
    const look = STATUS[status] ?? { label: status, icon: "dots" };
    set(node, {
      class: shownAs === "seats" ? `seat chip--${status}` : "list__item",
      "data-student": student.code,
      "data-pending": pending,
    });
    if (shownAs === "seats") {
      fill(
        node,
        h("span", {}, student.seat),
        icon(look.icon),
        h("span", { class: "seat__name" }, student.name),
        h("span", { class: "visually-hidden" }, [look.label, ...remarks].map((words) => t(words)).join(", ")),
      );
    } else {
      fill(
        node,
        h("span", { class: "list__lead" }, student.seat),
        h(
          "span",
          { class: "list__main" },
          student.name,
          remarks.map((words) => h("span", { class: "soft small list__remark" }, words)),
        ),
        h("span", { class: `chip chip--${status}` }, icon(look.icon), t(look.label)),
      );
    }
  };

  build();
  return {
    element,
    update,
    /** @returns {Student[]} */
    matching: () => students.filter(matches),
    /** @param {"seats" | "list"} to */
    show: (to) => {
      view = to;
      build();
    },
    /** @param {string} words */
    search: (words) => {
      search = words.trim();
      build();
    },
  };
}
