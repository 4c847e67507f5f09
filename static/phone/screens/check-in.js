/** Check-in: counts and verdict always in sight, the camera, and seats and names in the same screen. */
import { readCard } from "../card.js";
import { button, fill, h, icon, keepFocus, set } from "../dom.js";
import { firstNoted } from "../factwords.js";
import { t } from "../i18n.js";
import { roomName, sessionName } from "../names.js";
import { countsBar } from "../pieces.js";
import { signal, signalOf, wakeSound } from "../signals.js";
import { countsOf } from "../state.js";
import { checkIn, doubtful, judgeCard, judgeStudent } from "../verdict.js";
import { cameraPanel } from "./camera-panel.js";
import { roomActions } from "./room-actions.js";
import { studentList } from "./student-list.js";
import { studentSheet } from "./student-sheet.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../types.js").Student} Student */
/** @typedef {import("../verdict.js").Verdict} Verdict */

/** The same card in front of the camera is one scan, not ten. */
const SAME_CARD_MS = 4_000;
const UNDO_MS = 20_000;
const MOST_TOLD = 3;

/**
 * @param {App} app
 * @param {string[]} path
 * @returns {import("../app.js").Screen}
 */
export function checkInScreen(app, [code = ""]) {
  const { model, room } = app;
  const session = app.snapshot.sessions.find((each) => each.code === code);
  const place = app.snapshot.rooms.find((each) => each.code === room);
  if (!session)
    return { title: t("No such session"), body: [h("p", {}, t("The timetable has changed. Go back to Now."))] };

  const counts = h("div", { class: "check-in__counts" });
  const panel = h("div", { class: "check-in__verdict", role: "status", "aria-live": "assertive" });
  const actions = h("div", { class: "stack stack--tight" });
  const told = h("div", { class: "check-in__told stack stack--tight" });
  let countsShown = "";
  let lastText = "";
  let lastSeenAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let undoTimer;

  /** @param {"scan" | "seat" | "name"} method */
  const question = (method) => ({
    snapshot: app.snapshot,
    current: model.current,
    session,
    room,
    nowMs: model.clock.now(),
    method,
  });

  /**
   * Notes what a verdict says, then shows it: nothing is shown as done that is not on the disk.
   * @param {Verdict} verdict
   */
  const give = async (verdict) => {
    try {
      const facts = verdict.record
        ? await model.note({ ...verdict.record, room, session: session.code, student: verdict.student?.code ?? null })
        : [];
      showVerdict(verdict, undoable(verdict) ? (facts[0]?.id ?? null) : null);
    } catch {
      signal("stop");
      fill(
        panel,
        h(
          "div",
          { class: "verdict is-bad" },
          icon("warning", "icon--large"),
          h("p", { class: "verdict__word" }, t("Not noted: the phone could not keep it. Write it on paper.")),
        ),
      );
    }
  };

  /** @param {Verdict} verdict @param {string | null} undoes */
  const showVerdict = (verdict, undoes) => {
    clearTimeout(undoTimer);
    signal(signalOf(verdict.tone));
    const { student } = verdict;
    const undo = undoes && student ? button(t("Undo"), () => void takeBack(student, undoes), { icon: "undo" }) : null;
    const anyway =
      verdict.anyway && student
        ? button(t("Check in anyway"), () => void give(checkIn(student, question("name"), verdict.params, "name")), {
            icon: "check",
          })
        : null;
    fill(
      panel,
      h(
        "div",
        { class: `verdict is-${verdict.tone}`, "data-outcome": verdict.outcome },
        icon(verdict.icon, "icon--large"),
        h(
          "div",
          { class: "verdict__text" },
          h("p", { class: "verdict__word" }, t(verdict.headline, verdict.params)),
          h("p", { class: "verdict__who" }, t(verdict.detail, verdict.params)),
        ),
        undo ?? anyway,
      ),
    );
    if (undo) {
      undoTimer = setTimeout(() => {
        undo.remove();
        keepFocus();
      }, UNDO_MS);
    }
  };

  /** @param {Student} student @param {string} undoes */
  const takeBack = async (student, undoes) => {
    await model.note({
      kind: "attendance.undone",
      room,
      session: session.code,
      student: student.code,
      data: { undoes },
    });
    fill(
      panel,
      h(
        "p",
        { class: "check-in__hint" },
        t("Taken back: %(name)s, seat %(seat)s", { name: student.name, seat: student.seat }),
      ),
    );
    lastText = "";
  };

  /** @param {string} text */
  const scanned = async (text) => {
    const now = performance.now();
    const same = text === lastText && now - lastSeenAt < SAME_CARD_MS;
    lastText = text;
    lastSeenAt = now;
    const { school, schools } = app.snapshot;
    if (same || !school) return;
    const reading = await readCard(text, { salt: school.card_salt, school: school.code, schools });
    await give(judgeCard(reading, question("scan")));
  };

  const list = studentList(app, session.code, (student, method) => {
    wakeSound();
    studentSheet(app, session.code, student, {
      checkIn: (who) => void give(checkInOrSay(who, method)),
      late: (who, minutes) => void give(lateBy(who, minutes, method)),
      doubt: (who) => void give(doubtful(who)),
      note: (who, kind, data) => {
        const noted = model.note({ kind, room, session: session.code, student: who.code, data });
        void noted.then(() => app.say(t("Noted: %(what)s", { what: `${who.seat} ${who.name}` })));
      },
    });
  });

  /**
   * By seat or name somebody chose it on purpose: a check-in that is exempt or early is noted all the same.
   * @param {Student} student @param {"seat" | "name"} method
   */
  const checkInOrSay = (student, method) => {
    const verdict = judgeStudent(student, question(method));
    const params = { ...verdict.params, name: student.name, seat: student.seat };
    return verdict.record || verdict.outcome === "already_in"
      ? verdict
      : checkIn(student, question(method), params, method);
  };

  /** @param {Student} student @param {number} minutes @param {"seat" | "name"} method */
  const lateBy = (student, minutes, method) =>
    checkIn(student, question(method), { name: student.name, seat: student.seat }, method, minutes);

  const update = () => {
    const numbers = countsOf(app.snapshot, model.current.attendance, session.code, room);
    const key = JSON.stringify(numbers);
    if (key !== countsShown) {
      countsShown = key;
      fill(counts, countsBar(numbers));
    }
    tell();
    list.update();
    roomActions(app, session, actions);
  };

  /** Somebody else had the same student first: quietly, and once aloud. */
  const tell = () => {
    const here = model.notedBefore.filter((each) => each.session === session.code && names.has(each.student));
    const key = here.map((each) => `${each.student}/${each.at}/${each.by}`).join();
    if (key === toldOf) return;
    toldOf = key;
    const lines = here.slice(0, MOST_TOLD).map((each) => `${names.get(each.student)}: ${firstNoted(each, model.zone)}`);
    fill(
      told,
      ...lines.map((words) => h("p", { class: "soft small" }, icon("double-check"), " ", words)),
      here.length > MOST_TOLD && h("p", { class: "soft small" }, t("and %(n)s more", { n: here.length - MOST_TOLD })),
    );
    if (lines[0]) app.say(lines[0]);
  };
  /** @type {Map<string, string>} */
  const names = new Map(
    app.snapshot.students.filter((each) => each.room === room).map((each) => [each.code, `${each.seat} ${each.name}`]),
  );
  let toldOf = "";

  const camera = cameraPanel((text) => void scanned(text));
  fill(panel, h("p", { class: "check-in__hint" }, t("Hold a card in front of the camera, or tap a seat.")));
  const bar = searchBar(list);
  update();
  return {
    title: t("Check-in: %(session)s", { session: sessionName(session) }),
    subtitle: roomName(place),
    head: [counts, panel],
    body: [camera.element, told, list.element, actions],
    bar: [bar],
    update,
    dispose: () => {
      clearTimeout(undoTimer);
      camera.dispose();
    },
  };
}

/** @param {Verdict} verdict */
const undoable = (verdict) => ["ok", "late", "returned"].includes(verdict.outcome);

/**
 * Search and the choice of view, in the reach of the thumb.
 * @param {ReturnType<typeof studentList>} list
 */
function searchBar(list) {
  const search = h("input", {
    class: "input",
    type: "search",
    enterkeyhint: "go",
    autocomplete: "off",
    placeholder: t("Seat or name"),
    "aria-label": t("Seat number or name"),
    oninput: () => list.search(search.value),
    onkeydown: (event) => {
      const only = list.matching();
      if (event.key === "Enter" && only.length === 1 && only[0]) {
        event.preventDefault();
        document.querySelector(`[data-student="${CSS.escape(only[0].code)}"]`)?.dispatchEvent(new MouseEvent("click"));
        search.value = "";
        list.search("");
      }
    },
  });
  const stored = localStorage.getItem("view") === "list" ? "list" : "seats";
  /** @param {"seats" | "list"} view @param {string} label */
  const choice = (view, label) =>
    h(
      "button",
      {
        type: "button",
        "aria-pressed": String(view === stored),
        "data-view": view,
        "aria-label": label,
        onclick: () => show(view),
      },
      icon(view),
    );
  const views = h(
    "div",
    { class: "segments search-bar__views", role: "group", "aria-label": t("Show as") },
    choice("seats", t("Seats")),
    choice("list", t("Names")),
  );
  /** @param {"seats" | "list"} view */
  const show = (view) => {
    localStorage.setItem("view", view);
    for (const each of views.children) set(each, { "aria-pressed": String(each.getAttribute("data-view") === view) });
    list.show(view);
  };
  if (stored === "list") list.show("list");
  return h("div", { class: "search-bar" }, search, views);
}
