// Tonight's screen: keeps who is chosen and what is open while it looks again, counts down, and says when the network is gone.
// Nothing here is needed: every button is a plain form.
"use strict";
(() => {
  const live = () => document.getElementById("live");
  const show = (id, on) => { const part = document.getElementById(id); if (part) part.hidden = !on; };
  const typing = () => document.activeElement?.matches?.("#live textarea, #live select, #live input:not([type=radio])");
  const chosen = () => document.querySelector('#queue input[name="request"]:checked');
  const LATE = 35000;  // milliseconds: three looks missed
  let kept = null, heard = Date.now();

  // What the reader did to the page is done again to the new one.
  const keep = () => ({
    who: chosen()?.value,
    at: [...document.querySelectorAll('#queue input[name="request"]')].findIndex((one) => one.checked),
    open: new Map([...document.querySelectorAll("#live details[id]")].map((one) => [one.id, one.open])),
    focus: live()?.contains(document.activeElement) ? document.activeElement.id : "",
  });
  const restore = (before) => {
    const rows = [...document.querySelectorAll('#queue input[name="request"]')];
    const same = rows.find((one) => one.value === before.who) ?? rows[Math.min(before.at, rows.length - 1)];
    if (same) same.checked = true;
    before.open.forEach((open, id) => { const part = document.getElementById(id); if (part) part.open = open; });
    if (before.focus) (document.getElementById(before.focus) ?? same)?.focus({ preventScroll: true });
  };
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "live" && (typing() || sending)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.id !== "live") return;
    if (!event.detail.serverResponse.includes('id="live"')) {  // signed out meanwhile, or an error: keep what is here
      event.detail.shouldSwap = false;
      show(new URL(event.detail.xhr.responseURL).pathname.endsWith("/live/") ? "tonight-lost" : "tonight-left", true);
      return;
    }
    kept = keep();
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (!kept) return;
    restore(kept);
    kept = null;
    heard = Date.now();
    show("tonight-lost", false);
    tick();
  });
  for (const name of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(name, () => show("tonight-lost", true));
  window.addEventListener("offline", () => show("tonight-lost", true));
  window.addEventListener("online", () => document.body.dispatchEvent(new Event("look")));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) document.body.dispatchEvent(new Event("look")); });

  // How long a place is still held, by the server's clock.
  const shift = Date.now() - new Date(live()?.dataset.seen ?? Date.now()).getTime();
  const tick = () => {
    const now = Date.now() - shift;
    document.querySelectorAll("time[data-until]").forEach((part) => {
      const left = Math.max(0, Math.round((new Date(part.dataset.until) - now) / 1000));
      part.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      part.classList.toggle("soon", left < 300);
    });
    live()?.classList.toggle("night-stale", Date.now() - heard > LATE);
  };
  setInterval(tick, 1000);
  tick();

  // One key, while somebody of the list is chosen and has the focus: Enter and the numbers press the button that says so.
  let sending = false;
  document.addEventListener("submit", (event) => { if (event.target.closest("#live")) sending = true; });
  window.addEventListener("pageshow", () => { sending = false; });
  document.addEventListener("keydown", (event) => {
    const row = event.target.closest?.('#queue input[name="request"]')?.closest("li");
    if (!row || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const number = event.key === "Enter" ? "1" : event.key;
    if (!/^[1-4]$/.test(number)) return;
    event.preventDefault();
    if (!sending) row.querySelector(`button[data-key="${number}"]`)?.click();
  });
  if (!document.activeElement || document.activeElement === document.body) chosen()?.focus({ preventScroll: true });
})();
