/** A small school for the tests of the phone: two rooms of grade 4, one of grade 8, the seed's first morning. */

/** @typedef {import("../../static/phone/types.js").Snapshot} Snapshot */
/** @typedef {import("../../static/phone/types.js").Fact} Fact */

/** @param {string} time wall clock in Beijing on the first day */
export const at = (time) => Date.parse(`2024-05-20T${time}:00+08:00`);
/** @param {string} time */
export const iso = (time) => new Date(at(time)).toISOString();

/**
 * @param {string} code @param {number} grade @param {string} start @param {string | null} end
 * @returns {import("../../static/phone/types.js").Session}
 */
const session = (code, grade, start, end) => ({
  code,
  name: code,
  kind: "subject",
  grade,
  date: "2024-05-20",
  start_time: start,
  end_time: end,
  starts_at: iso(start),
  ends_at: end && iso(end),
  check_in_from: new Date(at(start) - 40 * 60_000).toISOString(),
  preparation_from: new Date(at(start) - 20 * 60_000).toISOString(),
  sealing_until: end && new Date(at(end) + 20 * 60_000).toISOString(),
  timetable_version: 1,
});

/** @returns {Snapshot} */
export const snapshotOf = () => ({
  window: { code: "2024", name: "2024", mode: "real", first_day: "2024-05-20", last_day: "2024-05-21" },
  person: { id: "p1", name: "Li", locale: "en" },
  duties: [
    { role: "monitor", place: "441823/4418230101/01", level: "room", actions: ["attendance.note", "sitting.note"] },
  ],
  device: { id: "d1", label: "" },
  county: { code: "441823", name: "Yangshan" },
  school: { code: "4418230101", name: "No 1", grades: [4, 8], timezone: "Asia/Shanghai", card_salt: "00ff" },
  schools: [{ code: "4418230102", name: "No 2" }],
  sessions: [
    session("chinese", 4, "09:00", "10:20"),
    session("maths", 4, "10:50", "12:10"),
    session("open8", 8, "09:00", null),
  ],
  rooms: [
    { code: "01", name: "Room 1", grade: 4, mine: true },
    { code: "02", name: "Room 2", grade: 4, mine: false },
    { code: "03", name: "Room 3", grade: 8, mine: false },
  ],
  students: [
    student("a", "{x} %s <b> O'Neil", "01", 1),
    student("b", "王小明", "01", 2),
    student("c", "𠮷野㐂龘", "02", 1),
    student("d", "八年级", "03", 1),
    { ...student("e", "免测", "01", 3), exempt: "approved" },
  ],
  states: { attendance: [], sittings: [], anomalies: [], incidents: [] },
  policies: {
    start_tolerance_min: { value: 5, origin: "default" },
    end_tolerance_min: { value: 5, origin: "default" },
    late_cut_off_min: { value: 15, origin: "default" },
  },
  seq: 10,
  server_time: iso("08:30"),
  server_epoch: "e1",
});

/** @param {string} code @param {string} name @param {string} room @param {number} seat */
function student(code, name, room, seat) {
  return {
    code,
    name,
    sex: "f",
    class_name: "1",
    room,
    seat,
    exempt: /** @type {string | null} */ (null),
    card: `hash-${code}`,
  };
}

let made = 0;
/**
 * A fact of the outbox as if noted at a time of the first day.
 * @param {string} kind
 * @param {string} time
 * @param {{ data?: Record<string, unknown>, id?: string, state?: import("../../static/phone/types.js").FactState,
 *   student?: string | null, room?: string, session?: string, seq?: number | null }} [more]
 * @returns {Fact}
 */
export function fact(
  kind,
  time,
  { data = {}, id, state = "waiting", student = "a", room = "01", session = "chinese", seq = null } = {},
) {
  made += 1;
  const name = id ?? `id-${String(made).padStart(4, "0")}`;
  return {
    id: name,
    device: "d1",
    device_seq: made,
    window: "2024",
    person: "p1",
    by: "Li",
    state,
    attempts: 0,
    outcome: null,
    reason: null,
    refused: null,
    mark: null,
    flags: [],
    seq,
    epoch: seq === null ? null : "e1",
    received_at: null,
    event: {
      id: name,
      device: "d1",
      device_seq: made,
      kind,
      occurred_at: iso(time),
      recorded_at: iso(time),
      offset_ms: 0,
      school: "4418230101",
      room,
      session,
      student: kind.startsWith("attendance.") ? student : null,
      data,
    },
  };
}

/**
 * @template T
 * @param {T[]} list
 * @returns {T[][]}
 */
export const permutations = (list) =>
  list.length < 2
    ? [list]
    : list.flatMap((each, i) =>
        permutations([...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [each, ...rest]),
      );
