// Styles of sound or motion: files that are dropped and styles of the catalogue, each with its weight in the blend.

import { icon, make } from "./dom.js";
import { drop } from "./drop.js";
import { showError } from "./toasts.js";
import { label, say } from "./texts.js";

/** @typedef {import("./server.js").Uploaded} Uploaded */

/**
 * @typedef {object} StyleList
 * @property {HTMLElement} element
 * @property {boolean} empty  Whether none is chosen.
 * @property {File[]} files  Those that have to be sent.
 * @property {(sent: Uploaded[]) => string[]} asked  All styles as a job takes them, from what became of the files.
 */

const MOST = 8; // styles in a blend

/**
 * @param {string} id
 * @param {string} key  Key of the text on the place for files.
 * @param {"sound"|"motion"} kind
 * @param {{accept: string, drawing: string}} options
 * @param {import("./server.js").Server} server
 * @returns {StyleList}
 */
export function styleList(id, key, kind, { accept, drawing }, server) {
  /** @type {{name: string, file: File|null, weight: number}[]} */
  let chosen = [];
  const place = drop(id, key, { accept: `${accept},.safetensors`, multiple: true, drawing }, (files) => {
    chosen = [...chosen, ...files.map((file) => ({ name: file.name, file, weight: 1 }))].slice(0, MOST);
    show();
  });
  const names = make("ul", { class: "files", hidden: true });
  const own = make("div", { class: "filters", role: "group", hidden: true });
  label(own, { "aria-label": "own_styles" });
  place.element.append(names);
  const element = make("div", { class: "group" }, place.element, own);

  function show() {
    names.hidden = !chosen.length;
    names.replaceChildren(...chosen.map((style) => {
      const out = make("button", { type: "button", class: "out" }, icon("close"));
      label(out, { "aria-label": "take_file_out", title: "take_file_out" });
      out.addEventListener("click", () => { chosen = chosen.filter((other) => other !== style); show(); });
      const weight = make("input", { type: "number", class: "amount", min: 0, max: 100, step: "any", value: style.weight, hidden: chosen.length < 2 });
      label(weight, { "aria-label": "style_weight_of", title: "style_weight_of" });
      weight.addEventListener("input", () => { if (Number.isFinite(weight.valueAsNumber)) style.weight = Math.max(0, weight.valueAsNumber); });
      return make("li", {}, make("span", {}, style.name), weight, out);
    }));
  }

  server.styleNames(kind).then((found) => {
    own.hidden = !found.length;
    own.replaceChildren(...found.map((name) => {
      const chip = make("button", { type: "button", class: "chip add" }, icon("plus"), make("span", {}, name));
      chip.addEventListener("click", () => {
        if (chosen.length < MOST && !chosen.some((style) => !style.file && style.name === name)) chosen.push({ name, file: null, weight: 1 });
        show();
      });
      return chip;
    }));
    if (found.length) own.prepend(say(make("span", { class: "hint" }), "own_styles"));
  }, showError);

  return {
    element,
    get empty() { return !chosen.length; },
    get files() { return /** @type {File[]} */ (chosen.map(({ file }) => file).filter(Boolean)); },
    asked(sent) {
      const ids = sent.map((file) => `+${file.id}`);
      return chosen.map(({ name, file, weight }) => `${file ? ids.shift() : name}:${weight}`);
    },
  };
}
