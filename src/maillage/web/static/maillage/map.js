// The map that moves: only where background tiles are configured, and only when it is asked for.
"use strict";
document.addEventListener("click", (event) => {
  const tools = event.target.closest?.("[data-map] button")?.closest("[data-map]");
  if (!tools) return;
  const { tiles, credit, script, style } = tools.dataset;
  const figure = tools.closest("figure"), drawing = figure.querySelector("svg");
  document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: style }));
  const code = Object.assign(document.createElement("script"), { src: script });
  code.addEventListener("load", () => {
    const box = Object.assign(document.createElement("div"), { className: "moving" });
    drawing.replaceWith(box);
    tools.remove();
    const map = L.map(box);
    L.tileLayer(tiles, { attribution: credit }).addTo(map);
    const spots = [...drawing.querySelectorAll("[data-at]")].map((mark) => {
      const at = mark.dataset.at.split(",").map(Number);
      const icon = L.divIcon({ className: `pin ${mark.getAttribute("class")}`, html: mark.textContent.trim(), iconSize: [30, 30] });
      L.marker(at, { icon, title: mark.getAttribute("aria-label") }).addTo(map).on("click", () => { location.hash = mark.getAttribute("href"); });
      return at;
    });
    map.fitBounds(spots, { padding: [30, 30], maxZoom: 16 });
  });
  document.head.append(code);
});
document.querySelectorAll("[data-map]").forEach((tools) => { tools.hidden = false; });
document.addEventListener("htmx:afterSettle", () => document.querySelectorAll("[data-map]").forEach((tools) => { tools.hidden = false; }));
