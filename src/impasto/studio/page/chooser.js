// Thumbnails to choose styles from.
// Click or Enter: this style alone. The plus button, or the + key: add it to the blend, or take it out. The star, or the
// key F: among the favourites, or not.

import { icon, make } from "./dom.js";
import { onDrop } from "./drop.js";
import { favourites, recent, toggleFavourite, useStyle } from "./remembered.js";
import { label, say, word } from "./texts.js";

/** @typedef {import("./engine.js").Style} Style */
/** @typedef {{name: string, weight: number}[]} Blend */

const MOST = 8; // styles of a blend
const FILTERS = ["all", "favourites", "recent"];

/**
 * @typedef {object} Chooser
 * @property {HTMLElement} element
 * @property {Blend} value  Setting it reports no change.
 * @property {(name: string) => string} title  What the page calls a style.
 * @property {(styles: Style[]) => void} setStyles
 * @property {(name: string, address: string) => void} setThumbnail  Another picture of a style.
 * @property {() => void} resetThumbnails  The pictures that the styles came with.
 */

/**
 * @param {string} id
 * @param {Style[]} styles
 * @param {Blend} value
 * @param {() => void} give  Called whenever the visitor changes the choice.
 * @param {{blend?: boolean, add?: ((file: File) => Promise<void>)|null}} [options]  `add` makes a style of a picture or a
 *   style file.
 * @returns {Chooser}
 */
export function chooser(id, styles, value, give, { blend = true, add = null } = {}) {
  const thumbs = make("div", { class: "thumbs", role: "group" }), mix = make("div", { class: "mix" });
  const filters = make("div", { class: "filters", role: "group" });
  const element = make("div", { class: "chooser", id }, filters, thumbs, mix);
  label(thumbs, { "aria-label": "styles" });
  label(filters, { "aria-label": "style_filter" });
  /** @type {Map<string, number>} */
  let chosen = new Map(value.map((style) => [style.name, style.weight]));
  /** @type {Map<string, string>} */
  const pictures = new Map();
  let filter = "all";

  for (const name of FILTERS) {
    const pressed = make("button", { type: "button", class: "chip", "data-filter": name });
    filters.append(say(pressed, `styles_${name}`));
    pressed.addEventListener("click", () => { filter = name; draw(); });
  }

  if (add) {
    const input = make("input", { type: "file", accept: "image/*,.safetensors", class: "visually-hidden", id: `${id}-add` });
    const place = make("label", { class: "chip add", for: `${id}-add` }, icon("plus"), say(make("span"), "add_picture_style"));
    filters.append(input, place);
    const take = async (/** @type {File|undefined} */ file) => {
      if (!file || input.disabled) return;
      input.disabled = true; // until this one is there
      place.classList.add("busy");
      try { await add(file); } finally {
        input.disabled = false;
        place.classList.remove("busy");
      }
    };
    input.addEventListener("change", () => {
      const file = input.files?.[0];
      input.value = "";
      take(file);
    });
    onDrop(element, ([file]) => take(file));
  }

  const title = (/** @type {string} */ name) => styles.find((style) => style.name === name)?.title ?? name;
  const picture = (/** @type {Style} */ style) => pictures.get(style.name) || style.thumbnail;

  function shown() {
    const names = filter === "favourites" ? favourites() : filter === "recent" ? recent() : null;
    if (!names) return styles;
    return names.map((name) => styles.find((style) => style.name === name)).filter((style) => style !== undefined);
  }

  function cell(/** @type {Style} */ style, /** @type {string} */ entry, /** @type {string[]} */ liked) {
    const { name } = style, on = chosen.has(name), tab = name === entry ? "0" : "-1", loved = liked.includes(name);
    const image = make("img", { src: picture(style) || null, alt: "", draggable: "false", loading: "lazy", width: 104, height: 104 });
    const button = make("button", { type: "button", class: "thumb", "aria-pressed": String(on), "data-name": name, "data-key": `thumb ${name}`, tabindex: tab, title: style.title }, image, make("span", {}, style.title));
    const made = make("div", { class: on ? "cell on" : "cell" }, button);
    const star = make("button", { type: "button", class: loved ? "star loved" : "star", "data-name": name, "data-key": `star ${name}`, tabindex: tab, "aria-pressed": String(loved) }, icon("star"));
    label(star, { "aria-label": () => `${word("favourite")}: ${style.title}`, title: "favourite" });
    made.append(star);
    if (blend && !(on && chosen.size === 1)) {
      const plus = make("button", { type: "button", class: "plus", "data-name": name, "data-key": `plus ${name}`, tabindex: tab }, icon(on ? "minus" : "plus"));
      const what = () => `${word(on ? "take_out" : "add_to_blend")}: ${style.title}`;
      label(plus, { "aria-label": what, title: what });
      made.append(plus);
    }
    return made;
  }

  function draw() {
    const active = /** @type {HTMLElement|null} */ (document.activeElement), had = element.contains(active) && active?.dataset.key;
    const { scrollTop, scrollLeft } = thumbs;
    const items = shown(), liked = favourites();
    const entry = (items.find((style) => chosen.has(style.name)) || items[0])?.name;
    thumbs.replaceChildren(...items.map((style) => cell(style, entry, liked)));
    if (!items.length) thumbs.append(say(make("p", { class: "hint" }), `styles_no_${filter}`));
    for (const button of filters.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button.dataset.filter === filter));
    drawMix();
    thumbs.scrollTop = scrollTop;
    thumbs.scrollLeft = scrollLeft;
    if (had) /** @type {HTMLElement|undefined} */ ([...element.querySelectorAll("[data-key]")].find((item) => /** @type {HTMLElement} */ (item).dataset.key === had))?.focus({ preventScroll: true });
  }

  function drawMix() {
    mix.replaceChildren();
    if (blend && chosen.size > 1) {
      const sum = [...chosen.values()].reduce((a, b) => a + b, 0) || 1;
      for (const [name, weight] of chosen) {
        const range = make("input", { type: "range", min: 0, max: 1, step: 0.05, value: weight, "data-name": name, "data-key": `range ${name}` });
        label(range, { "aria-label": () => `${word("share_of")}: ${title(name)}` });
        mix.append(make("label", {}, make("span", { class: "name" }, title(name)), range, make("output", { "data-name": name }, `${Math.round((100 * weight) / sum)} %`)));
      }
    } else if (blend) mix.append(say(make("p", { class: "hint" }), "blend_hint"));
  }

  function change(/** @type {Map<string, number>} */ next) {
    for (const name of next.keys()) if (!chosen.has(name)) useStyle(name);
    chosen = next;
    draw();
    give();
  }

  function toggle(/** @type {string} */ name) {
    const next = new Map(chosen);
    if (next.has(name)) { if (next.size > 1) next.delete(name); } else if (next.size < MOST) next.set(name, 1);
    change(next);
  }

  thumbs.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("button"));
    const name = button?.dataset.name;
    if (!name) return;
    if (button.classList.contains("star")) { toggleFavourite(name); return draw(); }
    if (button.classList.contains("plus") || (blend && (event.ctrlKey || event.metaKey || event.shiftKey))) return toggle(name);
    change(new Map([[name, 1]]));
  });

  mix.addEventListener("input", (event) => {
    const range = /** @type {HTMLInputElement} */ (event.target);
    if (range.type !== "range") return;
    chosen.set(range.dataset.name || "", Number(range.value));
    const sum = [...chosen.values()].reduce((a, b) => a + b, 0) || 1;
    for (const output of mix.querySelectorAll("output")) output.textContent = `${Math.round((100 * (chosen.get(output.dataset.name || "") || 0)) / sum)} %`;
    give();
  });

  thumbs.addEventListener("keydown", (event) => {
    const here = /** @type {HTMLElement|null} */ (/** @type {Element} */ (event.target).closest("button"));
    const name = here?.dataset.name;
    if (!name) return;
    if (event.key === "+" && blend) { event.preventDefault(); return toggle(name); }
    if (event.key.toLowerCase() === "f" && !event.ctrlKey && !event.metaKey) { toggleFavourite(name); return draw(); }
    const all = /** @type {HTMLElement[]} */ ([...thumbs.querySelectorAll("button.thumb")]);
    const at = all.findIndex((item) => item.dataset.name === name);
    const columns = Math.max(1, all.filter((item) => item.getBoundingClientRect().top === all[0].getBoundingClientRect().top).length);
    /** @type {Record<string, number>} */
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: all.length - 1 - at };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
    for (const item of thumbs.querySelectorAll("button")) item.tabIndex = item.dataset.name === next.dataset.name ? 0 : -1;
    next.focus();
  });

  draw();
  /** Scroll to the first style of the choice. */
  function reveal() {
    const first = /** @type {HTMLElement|null} */ (thumbs.querySelector(".on"));
    if (first) thumbs.scrollTo({ top: first.offsetTop - 40, left: first.offsetLeft - 60 });
  }

  const seen = new IntersectionObserver(([{ isIntersecting }]) => {
    if (!isIntersecting) return; // a tab that was not opened yet has no sizes
    seen.disconnect();
    reveal();
  });
  seen.observe(thumbs);
  return {
    element,
    get value() { return [...chosen].map(([name, weight]) => ({ name, weight })); },
    set value(wanted) { chosen = new Map(wanted.map((style) => [style.name, style.weight])); draw(); reveal(); },
    title,
    setStyles(given) {
      styles = given;
      const there = [...chosen].filter(([name]) => styles.some((style) => style.name === name));
      chosen = new Map(there.length ? there : styles.slice(0, 1).map((style) => [style.name, 1]));
      draw();
    },
    setThumbnail(name, address) {
      pictures.set(name, address);
      const image = [...thumbs.querySelectorAll("button.thumb")].find((item) => /** @type {HTMLElement} */ (item).dataset.name === name)?.querySelector("img");
      if (image) image.src = address;
    },
    resetThumbnails() { pictures.clear(); draw(); },
  };
}
