// A look as a file and as a link: the styles and options that `impasto apply --preset look.json` takes, too.

import { EngineError } from "./engine.js";

/** @typedef {import("./look.js").Look} Look */

const LARGEST = 100000; // bytes of a preset's file

/** The file of a look. @param {Look} look */
export const presetFile = (look) => new Blob([`${JSON.stringify(look, null, 1)}\n`], { type: "application/json" });

/**
 * The look in a file.
 * @param {string} text  Its content.
 * @param {string} name  Its name, for the sentence about one that is none.
 * @returns {Look}
 */
export function readPreset(text, name) {
  let given = null;
  try { given = JSON.parse(text); } catch { /* said below */ }
  const { styles, options = {} } = given && typeof given === "object" ? given : { styles: null };
  const right = Array.isArray(styles) && styles.length && styles.every((style) => typeof style === "string") && options && typeof options === "object" && !Array.isArray(options);
  if (!right) throw new EngineError({ text: `${name} is no preset: give a file that this page or impasto apply --save-preset wrote.`, key: "no_preset", values: { name } });
  return { styles, options };
}

/** @param {File} file */
export async function readPresetFile(file) {
  return readPreset(file.size > LARGEST ? "" : await file.text(), file.name);
}

/** The address of this page with a look in it. @param {Look} look */
export function lookAddress(look) {
  const query = new URLSearchParams();
  for (const style of look.styles) query.append("style", style);
  for (const [name, value] of Object.entries(look.options)) query.set(name, String(value));
  return `${location.origin}${location.pathname}#${query}`;
}

/** The look in this page's address; null where there is none. @returns {Look|null} */
export function lookOfAddress() {
  const query = new URLSearchParams(location.hash.slice(1));
  if (!query.has("style")) return null;
  const options = Object.fromEntries([...query].filter(([name]) => name !== "style").map(([name, value]) => [name, value !== "" && Number.isFinite(Number(value)) ? Number(value) : value]));
  return { styles: query.getAll("style"), options };
}
