/**
 * Times and numbers for people. Always in the school's time zone: a phone that was set to another zone, or a school in
 * Urumqi time, must not show another hour than the timetable on the wall.
 */
import { locale, t } from "./i18n.js";

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {string} zone
 * @param {Intl.DateTimeFormatOptions} options
 */
function format(zone, options) {
  const language = locale() === "zh" ? "zh-CN" : "en-GB";
  const key = `${language}|${zone}|${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(language, { timeZone: zone, hourCycle: "h23", ...options });
    formats.set(key, made);
  }
  return made;
}

/**
 * Wall-clock hour and minute, `08:05`.
 * @param {string | number} at UTC ISO 8601 or Unix ms
 * @param {string} zone
 */
export const clockTime = (at, zone) => format(zone, { hour: "2-digit", minute: "2-digit" }).format(new Date(at));

/**
 * @param {string | number} at
 * @param {string} zone
 */
export const clockTimeSeconds = (at, zone) =>
  format(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));

/**
 * @param {string | number} at
 * @param {string} zone
 */
export const dayName = (at, zone) =>
  format(zone, { weekday: "short", day: "numeric", month: "short" }).format(new Date(at));

/**
 * The calendar day in the school's zone, `2024-05-20`: the form that the timetable uses.
 * @param {number} atMs
 * @param {string} zone
 */
export function localDay(atMs, zone) {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-GB", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" })
      .formatToParts(new Date(atMs))
      .map((part) => [part.type, part.value]),
  );
  return `${parts.year}-${parts.month}-${parts.day}`;
}

/**
 * Planned times of a session, `09:00–10:20` or `from 09:00`.
 * @param {{ start_time: string, end_time: string | null }} session
 */
export const plannedTimes = (session) =>
  session.end_time ? `${session.start_time}–${session.end_time}` : t("from %(time)s", { time: session.start_time });

/**
 * A deviation in minutes in words.
 * @param {number} minutes positive is later than planned
 */
export function deviation(minutes) {
  if (minutes === 0) return t("on time");
  if (minutes > 0) return t("%(n)s min later than planned", { n: minutes });
  return t("%(n)s min earlier than planned", { n: -minutes });
}

/**
 * How long something takes or took, in the coarsest unit that says enough.
 * @param {number} seconds
 */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return t("%(n)s s", { n: whole });
  if (whole < 3600) return t("%(n)s min", { n: Math.round(whole / 60) });
  const hours = Math.floor(whole / 3600);
  const minutes = Math.round((whole % 3600) / 60);
  return minutes ? t("%(h)s h %(n)s min", { h: hours, n: minutes }) : t("%(h)s h", { h: hours });
}
