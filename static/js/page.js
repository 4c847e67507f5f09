// @ts-check
/** What every desk page does by itself: it signs htmx's requests, and lets the rehearsal's clock run. */

/** @returns {string} the CSRF token of this page; the server compares it with the session's */
function csrfToken() {
  return document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";
}

document.addEventListener("htmx:config:request", (event) => {
  const { request } = /** @type {CustomEvent} */ (event).detail.ctx;
  request.headers["X-CSRFToken"] = csrfToken();
});

// An answer that never came: said where the server's own words would have stood.
document.addEventListener("htmx:error", () => {
  const place = document.getElementById("messages");
  if (!place) return;
  const note = document.createElement("div");
  note.className = "note is-bad";
  note.dataset.lost = "";
  note.textContent = place.dataset.lostWords ?? "";
  place.replaceChildren(note);
});

document.addEventListener("htmx:after:request", () => {
  document.querySelector("#messages > [data-lost]")?.remove();
});

/**
 * Keeps the clocks of `<time data-clock="<ms>" data-zone="<IANA>">` going: the rehearsal's time as the server said it,
 * plus what has passed here since (by the monotonic clock, which nobody can set). `data-clock-at` is when it was said, as
 * `performance.now()`; none for what stood in the page from its beginning.
 */
function runClocks() {
  const began = performance.now();
  const locale = document.documentElement.lang;
  const show = () => {
    for (const clock of document.querySelectorAll("time[data-clock]")) {
      const said = Number(clock.getAttribute("data-clock-at") ?? began);
      const at = new Date(Number(clock.getAttribute("data-clock")) + performance.now() - said);
      const format = new Intl.DateTimeFormat(locale === "en" ? "en-GB" : locale, {
        timeZone: clock.getAttribute("data-zone") ?? "Asia/Shanghai",
        month: locale === "en" ? "short" : "long",
        day: "numeric",
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        hourCycle: "h23",
      });
      clock.textContent = format.format(at).replace(",", "");
    }
  };
  show();
  setInterval(show, 1000);
}

if (document.querySelector("time[data-clock]")) runClocks();
