// @ts-check
/** What the address names (`#instruct-form`) is opened, so that one can begin to write at once. */

function openNamed() {
  const named = location.hash ? document.getElementById(location.hash.slice(1)) : null;
  if (!(named instanceof HTMLDetailsElement)) return;
  named.open = true;
  named.scrollIntoView({ block: "start" });
  const first = named.querySelector("select, textarea");
  if (first instanceof HTMLElement) first.focus({ preventScroll: true });
}

openNamed();
window.addEventListener("hashchange", openNamed);
