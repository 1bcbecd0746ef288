// The texts of the page in the visitor's language: the choice of the switch, else the browser's, else English.
//
// A language is one file, texts/CODE.json. texts/languages.json, which the server or the export makes, names all of them.

const COOKIE = "impasto_language";
const FORMAT = /\{(\w+)(?::([^}]*))?\}/g;

/** @typedef {{name: string, texts: Record<string, string>, errors: Record<string, string>}} Language */
/** @typedef {import("./engine.js").Note} Note */

/** @type {Record<string, string>} */
export let languages = { en: "English" };
export let code = "en";
/** @type {Language} */
let english;
/** @type {Language} */
let chosen;
/** What elements say, so that they say it in another language when that is chosen.
 * @type {WeakMap<Element, () => void>} */
const said = new WeakMap();
/** @type {Set<() => void>} */
const listeners = new Set();

/** @param {string} which @returns {Promise<Language>} */
const load = async (which) => (await fetch(`texts/${which}.json`)).json();

/** Load the texts. */
export async function loadTexts() {
  const [names, first] = await Promise.all([fetch("texts/languages.json").then((answer) => answer.json()), load("en")]);
  languages = names;
  english = chosen = first;
  const cookie = document.cookie.match(/(?:^|; )impasto_language=(\w+)/)?.[1];
  const wanted = [cookie, ...navigator.languages].map((name) => (name || "").slice(0, 2).toLowerCase());
  await take(wanted.find((name) => name in languages) || "en");
}

/** @param {string} which */
async function take(which) {
  chosen = which === "en" ? english : await load(which);
  code = which;
  document.documentElement.lang = which;
  document.title = word("title");
}

/** Say everything in another language from now on. @param {string} which */
export async function setLanguage(which) {
  document.cookie = `${COOKIE}=${which}; path=/; max-age=31536000; SameSite=Lax`;
  await take(which);
  for (const element of document.querySelectorAll("[data-said]")) said.get(element)?.();
  for (const listener of listeners) listener();
}

/** Call a function whenever the language changes. @param {() => void} listener */
export function onLanguage(listener) {
  listeners.add(listener);
}

/**
 * A text with its values.
 * @param {string} key
 * @param {Record<string, any>} [values]
 */
export function word(key, values) {
  const text = chosen.texts[key] ?? english.texts[key];
  if (text === undefined) throw new Error(`There is no text ${key}.`);
  return values ? fill(text, values) : text;
}

/** Whether there is a text. @param {string} key */
export const hasWord = (key) => key in english.texts;

/** The sentence of a note in the visitor's language. @param {Note} note */
export function sentence(note) {
  const text = note.key && (chosen.errors[note.key] ?? english.errors[note.key]);
  return text ? fill(text, note.values || {}) : note.text;
}

/** A text and what is to be said besides, line by line. @param {string} text @param {Note[]} notes @param {string[]} more texts */
export const withNotes = (text, notes, ...more) => [text, ...notes.map(sentence), ...more].filter(Boolean).join("\n\n");

/**
 * Put values into the places of a text: {name}, {seconds:.1f} with a number of decimals, {rest:02d} with leading zeros.
 * @param {string} text
 * @param {Record<string, any>} values
 */
export function fill(text, values) {
  return text.replace(FORMAT, (_place, name, format) => {
    const value = values[name];
    if (typeof value !== "number" || format?.startsWith("0")) return String(value ?? "").padStart(Number(format?.[1] || 0), "0");
    const decimals = Number(format?.match(/\.(\d)f/)?.[1] ?? (Number.isInteger(value) ? 0 : 1));
    return value.toLocaleString(code, { minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: false });
  });
}

/**
 * Have an element say a text, in every language that is chosen from now on; **bold** and `code` are shown as such.
 * @template {Element} E
 * @param {E} element
 * @param {string} key  "" says nothing.
 * @param {Record<string, any>} [values]
 * @returns {E}
 */
export function say(element, key, values) {
  return sayWith(element, () => (key ? word(key, values) : ""));
}

/**
 * Have an element say what a function gives.
 * @template {Element} E
 * @param {E} element
 * @param {() => string} text
 * @returns {E}
 */
export function sayWith(element, text) {
  const show = () => element.replaceChildren(...rich(text()));
  said.set(element, show);
  element.setAttribute("data-said", "");
  show();
  return element;
}

/**
 * Have attributes of an element say texts, for example `label(button, {"aria-label": "stop", title: "stop"})`.
 * @template {Element} E
 * @param {E} element
 * @param {Record<string, string|(() => string)>} attributes  Key of the text, or what gives it, by attribute.
 * @returns {E}
 */
export function label(element, attributes) {
  const show = () => {
    for (const [name, text] of Object.entries(attributes)) element.setAttribute(name, typeof text === "string" ? word(text) : text());
  };
  const before = said.get(element);
  said.set(element, () => { before?.(); show(); });
  element.setAttribute("data-said", "");
  show();
  return element;
}

/** @param {string} text @returns {(Node|string)[]} */
function rich(text) {
  return text.split(/(\*\*.+?\*\*|`[^`]+`|\n\n)/).filter(Boolean).map((part) => {
    if (part === "\n\n") return document.createElement("br");
    const tag = part.startsWith("**") ? "strong" : part.startsWith("`") ? "code" : "";
    if (!tag) return part;
    const made = document.createElement(tag);
    made.textContent = part.replace(/^(\*\*|`)|(\*\*|`)$/g, "");
    return made;
  });
}

/** What a style is called where the engine gives no title. @param {string} name */
export const styleTitle = (name) => name.replace(/[-_]+/g, " ");
