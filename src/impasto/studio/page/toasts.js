// Short messages at the foot of the window: what went wrong, and what was done.

import { icon, isAbort, make } from "./dom.js";
import { EngineError } from "./engine.js";
import { label, say, sayWith, sentence, withNotes, word } from "./texts.js";

const SECONDS = 9; // that a message stays, unless the pointer or the focus is on it
const MOST = 3;
const place = make("div", { class: "toasts", role: "log", "aria-live": "assertive" });
document.body.append(place);

/** @param {HTMLElement} text @param {string} kind */
function show(text, kind) {
  const said = text.textContent || "";
  if ([...place.children].some((other) => other.querySelector("p")?.textContent === said)) return; // it is said already
  const close = make("button", { type: "button", class: "out" }, icon("close"));
  const toast = make("div", { class: `toast ${kind}`, role: kind === "bad" ? "alert" : "status" }, text, close);
  label(close, { "aria-label": "close" });
  close.addEventListener("click", () => toast.remove());
  while (place.children.length >= MOST) place.firstElementChild?.remove();
  place.append(toast);
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : toast.remove());
  setTimeout(leave, 1000 * SECONDS);
}

/**
 * Say that something was done.
 * @param {string} key @param {Record<string, any>} [values] @param {import("./engine.js").Note[]} [notes] what is to be said of it
 */
export function tell(key, values, notes = []) {
  show(sayWith(make("p"), () => withNotes(word(key, values), notes)), "good");
}

/** Say what is wrong. @param {string} key */
export function complain(key) {
  show(say(make("p"), key), "bad");
}

/** What an error says, in the page's language. @param {any} error */
export const errorText = (error) => (error instanceof EngineError ? sentence(error.note) : word("unexpected_here"));

/**
 * Say what an error says, unless the work was given up on purpose.
 * @param {any} error
 */
export function showError(error) {
  if (isAbort(error)) return;
  if (!(error instanceof EngineError)) console.error(error);
  show(sayWith(make("p"), () => errorText(error)), "bad");
}
