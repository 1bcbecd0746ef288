// The documentation of the HTTP interface for people, made of openapi.json. It is in English, as that file is.

import { make } from "./dom.js";

/** @typedef {Record<string, any>} Json */

/** @type {Json} */
const described = await (await fetch("api/openapi.json")).json();
const main = /** @type {HTMLElement} */ (document.getElementById("main"));

/** What a reference of the document stands for. @param {Json|undefined} schema @returns {Json} */
function resolved(schema = {}) {
  const path = schema.$ref || schema.allOf?.[0]?.$ref;
  return path ? path.split("/").slice(1).reduce((/** @type {Json} */ at, /** @type {string} */ key) => at[key], described) : schema;
}

/** A text with `code`. @param {string} text */
function rich(text) {
  return text.split(/(`[^`]+`)/).filter(Boolean).map((part) => (part.startsWith("`") ? make("code", {}, part.slice(1, -1)) : part.replace(/\*/g, "")));
}

/** Paragraphs and examples of a description. @param {string} text @returns {Node[]} */
function prose(text) {
  return text.split(/(```\w*\n[\s\S]*?```)/).flatMap(/** @returns {Node[]} */ (part) => {
    if (part.startsWith("```")) return [make("pre", { tabindex: 0 }, make("code", {}, part.replace(/^```\w*\n|```$/g, "").trim().replaceAll("http://127.0.0.1:7860", location.origin)))];
    return part.split(/\n\s*\n/).filter((one) => one.trim()).map((one) => make("p", {}, ...rich(one.replace(/\s*\n\s*/g, " ").trim())));
  });
}

/** What kind of value a schema takes. @param {Json} schema @returns {string} */
function kindOf(schema) {
  const full = resolved(schema);
  if (full.enum) return full.enum.join(" | ");
  if (full.anyOf) return full.anyOf.filter((/** @type {Json} */ one) => one.type !== "null").map(kindOf).join(" | ");
  if (full.contentMediaType || full.format === "binary") return "file";
  if (full.type === "array") return `${kindOf(full.items || {})}, several`;
  return full.type || "object";
}

/** The values that a request takes. @param {[string, Json, boolean][]} rows  Name, schema, whether it is needed. */
function table(rows) {
  if (!rows.length) return null;
  return make("div", { class: "scroll" }, make("table", {}, make("tr", {}, make("th", {}, "name"), make("th", {}, "kind"), make("th", {}, "default"), make("th", {}, "")),
    ...rows.map(([name, schema, needed]) => make("tr", {}, make("td", {}, name), make("td", {}, kindOf(schema)),
      make("td", {}, needed ? "needed" : schema.default === undefined || schema.default === null ? "" : JSON.stringify(schema.default)), make("td", {}, ...rich(schema.description || ""))))));
}

/** @param {string} path @param {string} method @param {Json} about */
function route(path, method, about) {
  const content = about.requestBody?.content || {}, kind = Object.keys(content)[0];
  const body = resolved(content[kind]?.schema), needed = new Set(body.required || []);
  /** @type {[string, Json, boolean][]} */
  const rows = [
    ...(about.parameters || []).map((/** @type {Json} */ one) => [`${one.name}${one.in === "header" ? " (header)" : ""}`, { description: one.description, ...one.schema }, Boolean(one.required)]),
    ...Object.entries(body.properties || {}).map(([name, schema]) => /** @type {[string, Json, boolean]} */ ([name, schema, needed.has(name)])),
  ];
  return make("article", { class: "route" }, make("h3", {}, make("span", {}, method.toUpperCase()), path), make("p", { class: "summary" }, about.summary),
    ...prose(about.description || ""), kind ? make("p", {}, ...rich(`Body: \`${kind}\``)) : null, table(rows));
}

main.append(make("div", { class: "lead" }, make("h2", {}, described.info.title), ...prose(described.info.description)));
/** @type {Map<string, HTMLElement[]>} */
const groups = new Map();
for (const [path, methods] of Object.entries(described.paths)) {
  for (const [method, about] of Object.entries(/** @type {Json} */ (methods))) {
    const tag = about.tags?.[0] || "Others";
    groups.set(tag, [...(groups.get(tag) || []), route(path, method, about)]);
  }
}
for (const [tag, routes] of groups) main.append(make("h2", {}, tag), ...routes);
document.body.classList.add("ready");
