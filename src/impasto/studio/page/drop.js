// A place to drop files on, or to choose them by a click.

import { icon, make } from "./dom.js";
import { label, say } from "./texts.js";

/**
 * @typedef {object} Drop
 * @property {HTMLElement} element
 * @property {HTMLInputElement} input
 * @property {File[]} files  Setting it reports no event.
 */

/** A bundled style in a list of pictures: the server has a picture of it, its texture. */
export class BundledStyle extends File {
  /** @param {string} name @param {number} weight */
  constructor(name, weight) {
    super([], name);
    this.style = `${name}:${weight}`;
  }
}

/**
 * @param {string} id
 * @param {string} key  Key of its text.
 * @param {{accept: string, multiple?: boolean, list?: boolean, drawing?: string}} options  `drawing`: name of its icon. `list`: show the files, each with a button that takes it out.
 * @param {(files: File[]) => void} give  Gets the files whenever they change.
 * @returns {Drop}
 */
export function drop(id, key, { accept, multiple = false, list = false, drawing = "picture" }, give) {
  const input = make("input", { type: "file", accept, multiple, class: "visually-hidden", id: `${id}-input` });
  const names = make("ul", { class: "files", hidden: true });
  const place = make("label", { class: "place", for: `${id}-input` }, icon(drawing), say(make("span"), key));
  const element = make("div", { class: "drop", id }, input, place, list && names);
  /** @type {File[]} */
  let files = [];

  function show() {
    if (!list) return;
    names.hidden = !files.length;
    names.replaceChildren(...files.map((file) => {
      const out = make("button", { type: "button", class: "out" }, icon("close"));
      label(out, { "aria-label": "take_file_out", title: "take_file_out" });
      out.addEventListener("click", () => { files = files.filter((other) => other !== file); show(); give(files); });
      return make("li", {}, make("span", {}, file.name), out);
    }));
  }

  function take(/** @type {File[]} */ given) {
    if (!given.length) return;
    files = multiple && list ? [...files, ...given] : multiple ? given : given.slice(0, 1);
    show();
    give(files);
  }

  input.addEventListener("change", () => {
    take([...(input.files || [])]);
    input.value = "";
  });
  onDrop(element, take);
  return {
    element,
    input,
    get files() { return files; },
    set files(wanted) { files = wanted; show(); },
  };
}

// Files that miss every place change nothing; without this the browser would leave the page to show them.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());

/**
 * Take files that are dropped on an element.
 * @param {HTMLElement} element
 * @param {(files: File[]) => void} take
 */
export function onDrop(element, take) {
  let inside = 0;
  const over = (/** @type {boolean} */ on) => element.classList.toggle("over", on);
  const holdsFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  element.addEventListener("dragenter", (event) => { if (holdsFiles(event)) { inside += 1; over(true); event.preventDefault(); } });
  element.addEventListener("dragover", (event) => { if (holdsFiles(event)) event.preventDefault(); });
  element.addEventListener("dragleave", () => { inside = Math.max(0, inside - 1); if (!inside) over(false); });
  element.addEventListener("drop", (event) => {
    inside = 0;
    over(false);
    if (!holdsFiles(event) || event.defaultPrevented) return; // a place within this one has taken them
    event.preventDefault();
    take([...(event.dataTransfer?.files || [])]);
  });
}
