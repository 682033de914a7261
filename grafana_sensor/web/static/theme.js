// The choice between light, dark and the system's own, before anything is drawn.
"use strict";
(() => {
  const names = ["system", "light", "dark"];
  const kept = () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null; // a browser may forbid it
    }
  };
  const shown = (name) => {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    const button = document.getElementById("theme");
    if (!button) return;
    button.hidden = false;
    button.title = `Theme: ${name}`;
    button.setAttribute("aria-label", `Theme: ${name}`);
  };
  let theme = names.includes(kept()) ? kept() : "system";
  document.documentElement.classList.add("js");
  shown(theme);
  document.addEventListener("DOMContentLoaded", () => {
    shown(theme);
    document.getElementById("theme")?.addEventListener("click", () => {
      theme = names[(names.indexOf(theme) + 1) % names.length];
      try {
        localStorage.setItem("theme", theme);
      } catch {
        // then it holds until the page goes
      }
      shown(theme);
      document.dispatchEvent(new Event("themechange"));
    });
  });
})();
