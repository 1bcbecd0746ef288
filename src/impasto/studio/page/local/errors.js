// Errors of painting in the browser: a key of the page's texts and its values, and the sentence in English.

/** @type {Record<string, string>} */
const SENTENCES = {
  local_not_finite: "Painting in the style {style} gives numbers that are not finite: the style is damaged; choose another.",
  local_fetch: "{name} cannot be loaded: check the connection, and load the page again.",
  local_no_picture: "{name} cannot be opened: this browser does not know its format, or it is damaged; convert it to JPEG or PNG.",
  local_too_large: "{name} has {width} x {height} pixels, more than the limit of {limit} million: shrink it first.",
  local_result_large: "The result would have {pixels} million pixels, more than the limit of {limit} million: ask for a smaller one.",
  local_no_style: "No style is chosen; choose one.",
  local_memory: "There is too little memory for this picture here: close other tabs, or ask for a smaller size.",
  style_file: "{name} is no style of this network: give a style file of Impasto that impasto learn made without --deep.",
  style_picture_line: "{name} is a line of {width} x {height} pixels once it has the size of a style picture, and has no strokes to learn from: give one of at least 128 pixels a side, better 500.",
  style_picture_small: "The style picture has only {width} x {height} pixels, too few to show strokes: give one of at least 128 pixels a side, better 500.",
  style_picture_one_colour: "The style picture is nearly of one colour, so the result will be, too: give one with more contrast.",
  style_picture_even: "The style picture is almost all even areas, as a logo is, without strokes to learn from: expect its colours and little more, or give a painting.",
  local_animation: "This is an animation: its first picture is painted.",
  local_failed: "Painting failed: {reason}.",
};

/** An error whose sentence the page can say in the visitor's language. */
export class LocalError extends Error {
  /** @param {string} key @param {Record<string, string | number>} [values] */
  constructor(key, values = {}) {
    super((SENTENCES[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? "")));
    this.name = "LocalError";
    this.key = key;
    this.values = values;
  }

  /** What the page is told. @returns {import("../engine.js").Note} */
  get note() {
    return { text: this.message, key: this.key, values: this.values };
  }
}
