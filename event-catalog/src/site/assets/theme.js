// Runs before anything is drawn, so that no page is shown in the wrong colours first.
"use strict";
try {
  const theme = localStorage.getItem("event-catalog-theme");
  if (theme === "dark" || theme === "light") {
    document.documentElement.dataset.theme = theme;
  }
} catch {
  // A browser that keeps nothing for files: the reader's setting holds.
}
document.documentElement.classList.add("has-scripts");
