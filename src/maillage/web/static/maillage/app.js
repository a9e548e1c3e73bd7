// Nothing here is needed: every page works without it. Nothing is stored: what is kept is kept in memory, for this page only.
"use strict";
(() => {
  // Leaving in a hurry: the page is replaced, so that "back" does not show it. Escape twice does the same.
  const leave = document.getElementById("leave");
  const go = () => { document.documentElement.hidden = true; window.location.replace(leave.href); };
  if (leave) {
    let last = -Infinity;
    leave.addEventListener("click", (event) => { event.preventDefault(); go(); });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      if (event.timeStamp - last < 700) go();
      last = event.timeStamp;
    });
  }

  // A page that came from a form is not sent again when it is reloaded or come back to.
  if (document.querySelector("[data-posted]")) history.replaceState({ step: 0 }, "", location.pathname);

  // Questions left before any list was seen: the need and the area are counted, and nobody. Leaving quickly says nothing.
  window.addEventListener("pagehide", () => {
    const form = document.querySelector("form[data-left]");
    if (!form || sending || document.documentElement.hidden) return;
    const said = new FormData();
    for (const [name, value] of new FormData(form)) if (name === "needs" || name === "area") said.append(name, value);
    if (said.has("needs")) navigator.sendBeacon(form.dataset.left, said);
  });
  let sending = false;
  document.addEventListener("submit", (event) => { if (event.target.matches("form[data-left], .languages")) sending = true; });
  document.addEventListener("htmx:afterSettle", () => { sending = false; });

  // Steps that htmx loads: "back" of the browser takes the last answer off, as the button does.
  let step = 0, goingBack = false, opened = null, told = "";
  const focus = (selector) => document.querySelector(selector)?.focus({ preventScroll: false });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.closest?.("[data-polls]")) return;  // a part that looks again by itself is no step
    if (goingBack) goingBack = false;
    else history.pushState({ step: ++step }, "");
    const dangers = [...document.querySelectorAll(".flag")].map((flag) => flag.innerText).join();
    focus(dangers !== told && dangers ? ".flag h2" : "#asked, #summary");  // a danger just read comes first
    told = dangers;
  });
  document.addEventListener("htmx:configRequest", (event) => {  // a button that stands outside its form counts too
    const pressed = event.detail.triggeringEvent?.submitter;
    if (pressed?.name) event.detail.parameters[pressed.name] = pressed.value;
  });
  document.addEventListener("htmx:sendError", () => { document.getElementById("offline").hidden = false; });
  document.addEventListener("htmx:beforeRequest", () => { document.getElementById("offline").hidden = true; });

  // "Near where I am": asked only when pressed, rounded to about a hundred metres, sent with the form and forgotten.
  const offerPosition = () => document.querySelectorAll("[data-locate]").forEach((place) => { place.hidden = !navigator.geolocation; });
  document.addEventListener("click", (event) => {
    const form = event.target.closest?.("[data-locate] button")?.form;
    if (!form) return;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      form.querySelectorAll('[name="point"]').forEach((old) => old.remove());
      const point = Object.assign(document.createElement("input"), { type: "hidden", name: "point" });
      point.value = `${coords.latitude.toFixed(3)},${coords.longitude.toFixed(3)}`;
      form.append(point);
      form.requestSubmit();
    });
  });
  offerPosition();
  document.addEventListener("htmx:afterSettle", offerPosition);

  // A page to print says so by itself, where a script may help.
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // A service opened from a list: shown over it, so that "back" finds the list where it was.
  const close = () => {
    opened.detail.remove();
    opened.list.hidden = false;
    window.scrollTo(0, opened.top);
    opened.link.focus({ preventScroll: true });
    document.title = opened.title;
    opened = null;
  };
  const open = async (link) => {
    const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const detail = page.getElementById("service");
    const list = document.getElementById("orientation");
    if (!answer.ok || !detail || !list) { location.assign(link.href); return; }
    opened = { link, list, detail, top: window.scrollY, title: document.title };
    const back = detail.querySelector(".back button");
    back.hidden = false;
    back.addEventListener("click", () => history.back());
    list.hidden = true;
    list.after(detail);
    document.title = page.title;
    history.pushState({ step: ++step, service: true }, "", link.href);
    window.scrollTo(0, 0);
    focus("#service-name");
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-open]");
    if (!link || opened || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(link).catch(() => location.assign(link.href));
  });
  window.addEventListener("popstate", (event) => {
    const to = event.state?.step ?? 0;
    const back = to < step;
    step = to;
    if (opened) close();
    else if (event.state?.service) location.reload();
    else if (back) {
      const button = document.querySelector("[data-back]");
      if (button) { goingBack = true; button.click(); }
    }
  });
})();
