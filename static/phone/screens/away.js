/** A page of the server was asked for without a network: say so, and lead back. */
import { h, link } from "../dom.js";
import { t } from "../i18n.js";
import { note } from "../pieces.js";

/**
 * The service worker answers a page that it could not fetch with `/phone?needs=<path>`.
 * @param {Location} location
 * @returns {string} the fragment to go to, or "" when nothing was asked for
 */
export function awayFrom({ search }) {
  const wanted = new URLSearchParams(search).get("needs") ?? "";
  return /^\/[^/\\]/.test(wanted) ? `#/away/${encodeURIComponent(wanted)}` : "";
}

/**
 * @param {import("../app.js").App} _app
 * @param {string[]} rest
 * @returns {import("../app.js").Screen}
 */
export function awayScreen(_app, [wanted = ""]) {
  const path = /^\/[^/\\]/.test(wanted) ? wanted : "/";
  return {
    title: t("No network"),
    body: [
      note("warn", t("This page comes from the server."), h("p", {}, t("Check-in, session and report work without."))),
      link(t("Try again"), path, { kind: "wide", icon: "refresh" }),
    ],
    bar: [link(t("Back to now"), "#/", { kind: "primary huge", icon: "clock" })],
  };
}
