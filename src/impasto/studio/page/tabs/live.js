// The Live tab: the pictures of the camera are painted as they come.

import { camera } from "../camera.js";
import { chooser } from "../chooser.js";
import { make } from "../dom.js";
import { slider } from "../fields.js";
import { firstStyle } from "../look.js";

/**
 * @param {HTMLElement} panel
 * @param {import("../app.js").App} app
 */
export function build(panel, app) {
  const { low = 0, high = 1, default: value = 1 } = app.engine.capabilities.options.strength || {};
  const picker = chooser("live-styles", app.styles, firstStyle(app.styles), () => {});
  const strength = slider("live-strength", "strength", { low, high, step: 0.05, value: Number(value) });
  const { element } = camera(app.engine, () => ({ styles: picker.value, strength: strength.value }));
  app.onStyles(() => picker.setStyles(app.styles));
  panel.append(make("div", { class: "stage" }, element), make("div", { class: "tools" }, picker.element, make("div", { class: "group" }, strength.element)));
}
