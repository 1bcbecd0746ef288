// A window within the page, which Escape and the close button end.

import { icon, make } from "./dom.js";
import { label, say } from "./texts.js";

/**
 * @param {string} id
 * @param {string} title  Key of its title.
 * @param {...(HTMLElement|null)} children
 * @returns {HTMLDialogElement}
 */
export function dialog(id, title, ...children) {
  const close = make("button", { type: "button", class: "out" }, icon("close"));
  label(close, { "aria-label": "close", title: "close" });
  const element = make("dialog", { id, "aria-labelledby": `${id}-title` },
    make("div", { class: "dialog-head" }, say(make("h2", { id: `${id}-title` }), title), close), ...children);
  close.addEventListener("click", () => element.close());
  element.addEventListener("click", (event) => { if (event.target === element) element.close(); });
  document.body.append(element);
  return element;
}
