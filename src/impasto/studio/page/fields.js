// Fields: sliders, choices, numbers and texts, each an object with its element, its value and an event "input".

import { make } from "./dom.js";
import { hasWord, label, say, sayWith, word } from "./texts.js";

let count = 0;

/**
 * @template T
 * @typedef {object} Field
 * @property {HTMLElement} element
 * @property {T} value  Setting it reports no event.
 * @property {(listener: () => void) => void} onInput  Calls a function whenever the visitor changes the value.
 */

/** The explanation of a field, named KEY_info, if there is one. @param {string} key @param {string} id */
function hint(key, id) {
  return hasWord(`${key}_info`) ? say(make("p", { class: "hint", id: `${id}-info` }), `${key}_info`) : null;
}

/**
 * A slider, and a box with the same number.
 * @param {string} id
 * @param {string} key  Key of its label; KEY_info explains it.
 * @param {{low: number, high: number, step: number, value: number, info?: string}} facts
 * @returns {Field<number>}
 */
export function slider(id, key, { low, high, step, value, info = key }) {
  const limits = { min: low, max: high, step };
  const explained = hint(info, id);
  const range = make("input", { type: "range", ...limits, id: `${id}-range`, "aria-describedby": explained && `${id}-info` });
  const number = make("input", { type: "number", ...limits, class: "amount" });
  label(number, { "aria-label": key });
  const decimals = (String(step).split(".")[1] || "").length;
  const element = make("div", { class: "field slider", id },
    make("div", { class: "line" }, say(make("label", { for: `${id}-range` }), key), number), range, explained);
  /** @type {(() => void)[]} */
  const listeners = [];
  const show = (/** @type {number} */ at) => {
    range.value = String(at);
    number.value = String(Number(at.toFixed(decimals)));
    range.style.setProperty("--share", String((Number(range.value) - low) / (high - low)));
  };
  let current = value;
  const change = (/** @type {number} */ at, /** @type {boolean} */ typed) => {
    if (!Number.isFinite(at)) return;
    current = Math.min(high, Math.max(low, at));
    if (typed) { range.value = String(current); range.style.setProperty("--share", String((current - low) / (high - low))); } else show(current);
    listeners.forEach((listener) => listener());
  };
  range.addEventListener("input", () => change(Number(range.value), false));
  number.addEventListener("input", () => number.value !== "" && change(Number(number.value), true));
  number.addEventListener("change", () => show(current));
  show(value);
  return {
    element,
    get value() { return current; },
    set value(at) { current = Math.min(high, Math.max(low, at)); show(current); },
    onInput: (listener) => void listeners.push(listener),
  };
}

/**
 * One of a few choices, side by side.
 * @param {string} id
 * @param {string} key
 * @param {[string, string][]} choices  Value, and key of the text.
 * @param {string} value
 * @returns {Field<string>}
 */
export function choice(id, key, choices, value) {
  const group = `field-${++count}`;
  const inputs = choices.map(([name]) => make("input", { type: "radio", name: group, value: name, checked: name === value }));
  const element = make("fieldset", { class: "field choice", id }, say(make("legend"), key),
    make("div", { class: "segments" }, ...choices.map(([, text], n) => make("label", {}, inputs[n], say(make("span"), text)))));
  return {
    element,
    get value() { return inputs.find((input) => input.checked)?.value ?? value; },
    set value(wanted) { for (const input of inputs) input.checked = input.value === wanted; },
    onInput: (listener) => element.addEventListener("change", listener),
  };
}

/**
 * One of many choices, in a list that opens.
 * @param {string} id
 * @param {string} key
 * @param {[string, () => string][]} choices  Value, and what gives its text.
 * @param {string} value
 * @returns {Field<string> & {setChoices: (choices: [string, () => string][]) => void}}
 */
export function list(id, key, choices, value) {
  const explained = hint(key, id);
  const select = make("select", { id: `${id}-list`, "aria-describedby": explained && `${id}-info` });
  const element = make("div", { class: "field list", id }, say(make("label", { for: `${id}-list` }), key), select, explained);
  const setChoices = (/** @type {[string, () => string][]} */ offered) => {
    const before = select.value;
    select.replaceChildren(...offered.map(([name, text]) => sayWith(make("option", { value: name }), text)));
    select.value = offered.some(([name]) => name === before) ? before : offered[0][0];
  };
  setChoices(choices);
  select.value = value;
  return {
    element,
    get value() { return select.value; },
    set value(wanted) { select.value = wanted; },
    setChoices,
    onInput: (listener) => select.addEventListener("change", listener),
  };
}

/**
 * A number in a box.
 * @param {string} id
 * @param {string} key
 * @param {{value: number, low?: number, high?: number, step?: number|"any"}} facts
 * @returns {Field<number> & {input: HTMLInputElement}}
 */
export function number(id, key, { value, low, high, step = 1 }) {
  const explained = hint(key, id);
  const input = make("input", { type: "number", id: `${id}-number`, min: low, max: high, step, value, "aria-describedby": explained && `${id}-info` });
  const element = make("div", { class: "field number", id }, say(make("label", { for: `${id}-number` }), key), input, explained);
  return {
    element,
    input,
    get value() { return input.value === "" || !Number.isFinite(Number(input.value)) ? value : Number(input.value); },
    set value(wanted) { input.value = String(wanted); },
    onInput: (listener) => input.addEventListener("input", listener),
  };
}

/**
 * A line of text.
 * @param {string} id
 * @param {string} key
 * @param {number} longest  Most characters.
 * @returns {Field<string>}
 */
export function text(id, key, longest) {
  const explained = hint(key, id);
  const input = make("input", { type: "text", id: `${id}-text`, maxlength: longest, autocomplete: "off", "aria-describedby": explained && `${id}-info` });
  const element = make("div", { class: "field text", id }, say(make("label", { for: `${id}-text` }), key), input, explained);
  return {
    element,
    get value() { return input.value; },
    set value(wanted) { input.value = wanted; },
    onInput: (listener) => input.addEventListener("input", listener),
  };
}

/**
 * A box to tick.
 * @param {string} id
 * @param {string} key
 * @param {boolean} value
 * @returns {Field<boolean>}
 */
export function tick(id, key, value) {
  const input = make("input", { type: "checkbox", checked: value });
  const element = make("label", { class: "field tick", id }, input, say(make("span"), key));
  return {
    element,
    get value() { return input.checked; },
    set value(wanted) { input.checked = wanted; },
    onInput: (listener) => input.addEventListener("change", listener),
  };
}

/**
 * A button with a text.
 * @param {string} id
 * @param {string} key
 * @param {string} [kind]  "primary", "quiet" or "".
 * @param {Element} [drawing]  An icon before the text.
 */
export function button(id, key, kind = "", drawing) {
  return make("button", { type: "button", id: id || null, class: `button ${kind}` }, drawing, say(make("span"), key));
}

/**
 * A part that opens and closes.
 * @param {string} id
 * @param {string} key
 * @param {...HTMLElement} children
 */
export function fold(id, key, ...children) {
  return make("details", { class: "fold", id: id || null }, say(make("summary"), key), make("div", { class: "folded" }, ...children));
}

/** What is missing for a tab, and the command that brings it. @param {string} key @param {string} command */
export function missing(key, command) {
  return make("div", { class: "needs" }, say(make("p"), key), command ? make("pre", { tabindex: 0 }, make("code", {}, command)) : null);
}

export { word };
