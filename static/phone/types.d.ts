// The shapes that the phone shares with the server (docs/api.md) and with itself. Types only: nothing here is loaded.

export interface Session {
  code: string;
  name: string;
  name_en?: string;
  kind: "subject" | "questionnaire" | "staff_questionnaire";
  grade: number;
  date: string;
  start_time: string;
  end_time: string | null;
  starts_at: string;
  ends_at: string | null;
  check_in_from: string;
  preparation_from: string;
  sealing_until: string | null;
  timetable_version: number;
}

export interface Room {
  code: string;
  name: string;
  grade: number;
  mine: boolean;
}

export interface Student {
  code: string;
  name: string;
  sex: string;
  class_name: string;
  room: string;
  seat: string | number;
  exempt: string | null;
  card: string;
}

export type Status =
  | "expected"
  | "present"
  | "late"
  | "absent"
  | "left"
  | "returned"
  | "withdrawn"
  | "exempt"
  | "refused";

export interface AttendanceRow {
  student: string;
  session: string;
  room: string | null;
  status: Status;
  late_min: number | null;
  reason: string | null;
  checked_in_at: string | null;
  by: string | null;
  provisional: boolean;
  event: string | null;
  flags: string[];
}

export type SittingState = "planned" | "running" | "paused" | "ended" | "sealed";

export interface SittingFact {
  id: string;
  kind: string;
  at: string;
  corrects?: string | null;
  undoes?: string | null;
  reason?: string | null;
  recorded_at?: string | null;
  by?: string | null;
  pending?: boolean;
  /** Of a code heard over the telephone. */
  spoken?: Spoken;
}

/** What a desk heard over the telephone; times as the API writes them. */
export interface Spoken {
  present: number;
  absent: number;
  started_at: string | null;
  ended_at: string | null;
  incidents: boolean;
  beyond: string[];
}

export interface SittingRow {
  room: string;
  session: string;
  state: SittingState;
  started_at: string | null;
  paused_at: string | null;
  paused_s: number;
  ended_at: string | null;
  sealed_at: string | null;
  frozen_at: string | null;
  /** Since when the room's phone is locked away. */
  boxed_at?: string | null;
  spoken?: (Spoken & { id: string; at: string; by: string | null; stands: string[] }) | null;
  lawful_end_at: string | null;
  start_deviation_min: number | null;
  end_deviation_min: number | null;
  version: number;
  facts: SittingFact[];
}

export interface AnomalyRow {
  id: string;
  room: string | null;
  session: string | null;
  category: string;
  note: string | null;
  students: string[];
  occurred_at: string;
  by: string | null;
  pending?: boolean;
}

export interface Instruction {
  at: string;
  by_level: string | null;
  text: string;
}

export interface IncidentRow {
  id: string;
  room: string | null;
  session: string | null;
  category: string;
  severity: Severity;
  level: string;
  state: string;
  reported_at: string;
  version: number;
  phase?: string;
  instructions?: Instruction[];
  pending?: boolean;
  stuck?: boolean;
}

export interface Duty {
  role: string;
  place: string;
  level: string;
  actions: string[];
}

export interface Policy {
  value: number;
  origin: string;
}

/** The school's day that counts now: names are here (`open`), sealed until `release_at` (`held`), or gone (`closed`). */
export interface Day {
  date: string;
  state: "open" | "held" | "closed";
  release_at: string | null;
  closes_at: string;
  closed_at: string | null;
  last: boolean;
}

/** `students` and `foreign_cards` under the release code (release.js); bytes as base64. */
export interface SealedRoster {
  kid: string;
  iv: string;
  ciphertext: string;
  release_at: string;
}

export interface Notice {
  id: string;
  text: string;
  sender: string;
  sent_at: string;
  must_confirm: boolean;
  confirm_by: string | null;
  about: string | null;
  replaces: string | null;
  withdrawn_at: string | null;
  read_at: string | null;
  confirmed_at: string | null;
}

export interface Snapshot {
  window: { code: string; name: string; mode: "real" | "rehearsal"; first_day: string; last_day: string };
  person: { id: string; name: string; locale: string };
  duties: Duty[];
  device: { id: string; label: string };
  county: { code: string; name: string; telephone?: string | null } | null;
  school: { code: string; name: string; grades: number[]; timezone: string; telephone?: string | null; card_salt: string } | null;
  schools: { code: string; name: string }[];
  /** Of each other school of the county: the first 10 hex digits of its cards' hashes, with this school's salt. */
  foreign_cards?: Record<string, string[]>;
  day?: Day | null;
  closed_days?: { date: string; closed_at: string }[];
  sealed_roster?: SealedRoster | null;
  sessions: Session[];
  rooms: Room[];
  students: Student[];
  states: {
    attendance: AttendanceRow[];
    sittings: SittingRow[];
    anomalies: AnomalyRow[];
    incidents: IncidentRow[];
  };
  /** Newest first; none from an older server. */
  notices?: Notice[];
  policies: Record<string, Policy>;
  seq: number;
  server_time: string;
  server_epoch: string;
}

/** A fact as it is sent: exactly what `POST /api/v1/events` reads. */
export interface WireEvent {
  id: string;
  /** The device that noted it: a phone that was bound anew sends under another id. */
  device: string;
  device_seq: number;
  kind: string;
  occurred_at: string;
  recorded_at: string;
  offset_ms: number;
  clock_unsure?: true;
  school: string;
  room: string | null;
  session: string | null;
  student: string | null;
  data: Record<string, unknown>;
}

export type FactState = "waiting" | "unconfirmed" | "received" | "quarantined";

/** What the outbox keeps of a fact: the event as sent, and what became of it. */
export interface Fact {
  id: string;
  device: string;
  device_seq: number;
  window: string;
  /** Id and name of who noted it. */
  person: string;
  by: string;
  state: FactState;
  attempts: number;
  outcome: string | null;
  /** Why it was set aside or a decision was not taken: a code of the server. */
  reason: string | null;
  /** Status with which the server refuses it, alone: it does not understand it. It waits apart from the others. */
  refused: number | null;
  flags: string[];
  seq: number | null;
  epoch: string | null;
  received_at: string | null;
  /** While its time is unsure: where the clock stood (clock.js). */
  mark: { era: string; steps: number } | null;
  event: WireEvent;
}

/** A fact before the outbox gave it its number. */
export interface Draft {
  /** When something else names the fact before it is noted. */
  id?: string;
  kind: string;
  occurredMs?: number;
  room?: string | null;
  session?: string | null;
  student?: string | null;
  data?: Record<string, unknown>;
}

export type Severity = "minor" | "moderate" | "serious";

export interface EventResult {
  id: string;
  outcome: "accepted" | "duplicate" | "quarantined" | "conflict";
  flags: string[];
  seq: number | null;
  reason?: string;
}

export interface Params {
  [name: string]: string | number;
}
