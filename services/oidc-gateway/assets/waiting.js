// Asks how far the card has been read on the other device, and loads the page again when something changed. Without this
// script the page loads itself again every few seconds.
"use strict";
(() => {
  const waiting = document.getElementById("waiting");
  if (!waiting) {
    return;
  }
  const { stateUrl, state } = waiting.dataset;
  const later = () => setTimeout(ask, 2000);
  async function ask() {
    try {
      const answer = await fetch(stateUrl, { cache: "no-store", credentials: "same-origin" });
      // What the service cannot say now it may say later; everything else the page itself explains.
      if (answer.status >= 500 || answer.status === 429) {
        later();
        return;
      }
      if (answer.ok && (await answer.json()).state === state) {
        later();
        return;
      }
      location.reload();
    } catch {
      later();
    }
  }
  later();
})();
