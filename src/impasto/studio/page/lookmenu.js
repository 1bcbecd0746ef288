// What can be done with a look as a whole: copy it as a link, save it as a preset, open one, go back to the defaults.

import { icon, download, make } from "./dom.js";
import { button } from "./fields.js";
import { parseStyle } from "./look.js";
import { lookAddress, presetFile, readPresetFile } from "./presets.js";
import { label, say } from "./texts.js";
import { complain, showError, tell } from "./toasts.js";

/** @typedef {import("./look.js").Look} Look */

/**
 * @param {{look: Look, reset: () => void, changed: () => void}} panel  Where the look is chosen.
 * @param {() => import("./engine.js").Style[]} styles
 */
export function lookMenu(panel, styles) {
  const input = make("input", { type: "file", accept: ".json,application/json", class: "visually-hidden", id: "look-file", tabindex: -1 });
  const copy = button("look-link", "look_link", "item"), save = button("look-save", "look_save", "item");
  const open = button("look-open", "look_open", "item"), reset = button("look-reset", "look_reset", "item");
  const summary = make("summary", { class: "button tool" }, icon("link"), say(make("span"), "look"));
  label(summary, { title: "look" });
  const menu = make("details", { class: "menu", id: "look-menu" }, summary, make("div", { class: "items" }, copy, save, open, reset));
  const close = () => { menu.open = false; summary.focus(); };

  /** Take a look, but no styles that are not here. @param {Look} look */
  function take(look) {
    const known = new Set(styles().map((style) => style.name));
    const there = look.styles.filter((style) => known.has(parseStyle(style).name));
    const missing = look.styles.map((style) => parseStyle(style).name).filter((name) => !known.has(name));
    if (missing.length) tell("look_missing", { names: missing.join(", ") });
    panel.look = { styles: there.length ? there : panel.look.styles, options: look.options };
    panel.changed();
  }

  /** The look, if others can have it: a draft of a style is here only. */
  function toGive() {
    const look = panel.look;
    if (!look.styles.some((style) => style.startsWith("+"))) return look;
    complain("look_draft");
    return null;
  }

  copy.addEventListener("click", async () => {
    const look = toGive();
    if (!look) return;
    const address = lookAddress(look);
    history.replaceState(null, "", address);
    close();
    try {
      await navigator.clipboard.writeText(address);
      tell("look_copied");
    } catch { // a page that is not secure: the address bar has it
      tell("look_in_address");
    }
  });
  save.addEventListener("click", () => {
    const look = toGive();
    if (look) download(presetFile(look), "look.json");
    close();
  });
  open.addEventListener("click", () => { input.click(); close(); });
  reset.addEventListener("click", () => { panel.reset(); panel.changed(); close(); });
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    input.value = "";
    if (file) await readPresetFile(file).then(take, showError);
  });
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape" && menu.open) { event.stopPropagation(); close(); } });
  document.addEventListener("click", (event) => { if (menu.open && !menu.contains(/** @type {Node} */ (event.target))) menu.open = false; });
  return { element: make("div", { class: "look-bar" }, menu, input), take };
}

