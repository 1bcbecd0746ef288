// How a picture is painted: the panel with styles, sliders and colours, and its values as a look.

import { make } from "./dom.js";
import { chooser } from "./chooser.js";
import { choice, fold, list, number, slider, tick } from "./fields.js";
import { isStyleFile } from "./engine.js";
import { say, word } from "./texts.js";
import { showError, tell } from "./toasts.js";

/** @typedef {import("./engine.js").Style} Style */

/**
 * @typedef {object} Look  What can be kept and given away: the same names and values as the command line's --preset takes.
 * @property {string[]} styles  NAME:WEIGHT.
 * @property {Record<string, number|string>} options  Those that differ from their defaults.
 */

export const DEFAULT_STYLE = "starry-night";
const SLIDERS = ["strength", "style_scale", "grain"];

/** @param {string} text @returns {{name: string, weight: number}} */
export function parseStyle(text) {
  const at = text.lastIndexOf(":"), weight = Number(text.slice(at + 1));
  return at > 0 && Number.isFinite(weight) ? { name: text.slice(0, at), weight } : { name: text, weight: 1 };
}

/** @param {Style[]} styles */
export const firstStyle = (styles) => [{ name: styles.some((style) => style.name === DEFAULT_STYLE) ? DEFAULT_STYLE : styles[0]?.name || "", weight: 1 }];

/**
 * @param {string} prefix  Of the identifiers of its elements.
 * @param {import("./engine.js").Engine} engine
 * @param {Style[]} styles
 * @param {(() => Promise<void>)|null} styleAdded  Called once there is one more style.
 */
export function lookPanel(prefix, engine, styles, styleAdded) {
  const { options: facts, metadata, mask, tabs } = engine.capabilities, engineStyles = () => styles;
  /** @type {(() => void)[]} */
  const listeners = [];
  const give = () => listeners.forEach((listener) => listener());
  async function add(/** @type {File} */ file) {
    try {
      const { style, notes } = await engine.addStyle(file);
      await styleAdded?.();
      picker.value = [{ name: style.name, weight: 1 }];
      offerMasks();
      give();
      if (!isStyleFile(file)) tell(tabs.includes("learn") ? "style_made" : "style_predicted", { name: style.title }, notes);
    } catch (error) {
      showError(error);
    }
  }
  const picker = chooser(`${prefix}-styles`, styles, firstStyle(styles), () => { offerMasks(); give(); }, { add });
  /** @type {Record<string, any>} */
  const fields = {};
  for (const name of SLIDERS) {
    const { low = 0, high = 1, step = 0.01, default: value } = facts[name] || {};
    if (facts[name]) fields[name] = slider(`${prefix}-${name.replace("_", "-")}`, name, { low, high, step, value: Number(value) });
  }
  if (facts.colors) fields.colors = choice(`${prefix}-colors`, "colors", (facts.colors.choices || []).map((name) => [name, `colors_${name}`]), String(facts.colors.default));
  const more = [];
  if (facts.size) more.push((fields.size = number(`${prefix}-size`, "size", { value: 0, low: 0, high: 20000 })).element);
  if (facts.work_size) {
    const work = choice(`${prefix}-work-size`, "work_size", [["auto", "work_size_preview"], ["0", "work_size_full"]], "auto");
    fields.work_size = { ...work, get value() { return work.value === "auto" ? "auto" : Number(work.value); }, set value(wanted) { work.value = String(wanted); } };
    more.push(work.element);
  }
  const keep = tick(`${prefix}-metadata`, "keep_metadata", true);
  more.push(metadata ? keep.element : say(make("p", { class: "hint" }), "metadata_left_out"));
  const masked = list(`${prefix}-mask-use`, "mask_use", [["", () => word("mask_strength")]], "");
  for (const field of [...Object.values(fields), keep, masked]) field.onInput(give);

  /** A value of an option, or its default where it is none: a look may come from anywhere. @param {string} name @param {any} value */
  function taken(name, value) {
    const { default: usual, choices, low } = facts[name];
    const right = choices ? choices.includes(value) : name === "work_size" ? value === "auto" || value === 0 : Number.isFinite(value) && (low !== undefined || (Number.isInteger(value) && value >= 0));
    return right ? value : usual;
  }

  function offerMasks() {
    const names = picker.value.map((style) => style.name);
    /** @type {[string, () => string][]} */
    const several = names.length > 1 ? names.map((name) => [name, () => picker.title(name)]) : [];
    masked.setChoices([["", () => word("mask_strength")], ...several]);
    masked.element.hidden = names.length < 2;
  }
  offerMasks();

  const element = make("div", { class: "tools" }, picker.element,
    make("div", { class: "group" }, ...SLIDERS.map((name) => fields[name]?.element), fields.colors?.element),
    more.length ? fold(`${prefix}-more`, "more", ...more) : null);

  return {
    element,
    picker,
    /** Which of the styles the mask limits, where there is a mask. */
    masked: mask ? masked : null,
    get metadata() { return keep.value; },
    /** All options that differ from their defaults. */
    get options() {
      /** @type {Record<string, number|string>} */
      const changed = {};
      for (const [name, field] of Object.entries(fields)) if (field.value !== facts[name].default) changed[name] = field.value;
      return changed;
    },
    /** @returns {Look} */
    get look() {
      return { styles: picker.value.map(({ name, weight }) => `${name}:${weight}`), options: this.options };
    },
    set look(/** @type {Look} */ wanted) {
      picker.value = wanted.styles.map(parseStyle);
      for (const [name, field] of Object.entries(fields)) field.value = taken(name, wanted.options[name]);
      offerMasks();
    },
    /** All at its default. */
    reset() { this.look = { styles: firstStyle(engineStyles()).map(({ name, weight }) => `${name}:${weight}`), options: {} }; },
    changed: give,
    onChange: (/** @type {() => void} */ listener) => void listeners.push(listener),
  };
}
