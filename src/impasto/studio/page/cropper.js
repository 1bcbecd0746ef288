// Cutting a part out of a photograph before it is painted, and straightening it.
// Pointer: drag the frame or its corners. Keyboard: arrows move the frame, with Shift they change its size.

import { icon, make } from "./dom.js";
import { dialog } from "./dialog.js";
import { button, choice, slider } from "./fields.js";
import { label } from "./texts.js";

/** @typedef {import("./engine.js").Crop} Crop */

const CORNERS = ["nw", "ne", "se", "sw"];
const SHAPES = { free: 0, "1:1": 1, "4:3": 4 / 3, "3:2": 3 / 2, "16:9": 16 / 9 };
const SMALLEST = 0.05; // share of a side that a frame has at least
const STEP = 0.01;

/** Whether a crop is all of the photograph. @param {Crop} crop */
export const isWhole = (crop) => !crop.turns && !crop.angle && !crop.left && !crop.top && crop.right === 1 && crop.bottom === 1;

/**
 * Draw the part of a photograph, in the way that the engines cut it out.
 * @param {CanvasImageSource & {width: number, height: number}} picture
 * @param {Crop} crop
 * @param {number} [side]  Longer side of the drawing at most.
 * @returns {HTMLCanvasElement}
 */
export function drawCrop(picture, crop, side = 1600) {
  const odd = crop.turns % 2, width = odd ? picture.height : picture.width, height = odd ? picture.width : picture.height;
  const part = { width: width * (crop.right - crop.left), height: height * (crop.bottom - crop.top) };
  const scale = Math.min(1, side / Math.max(part.width, part.height)), turn = (crop.angle * Math.PI) / 180;
  const canvas = make("canvas", { width: Math.max(1, Math.round(part.width * scale)), height: Math.max(1, Math.round(part.height * scale)) });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.imageSmoothingQuality = "high";
  pen.scale(scale, scale);
  pen.translate(width / 2 - width * crop.left, height / 2 - height * crop.top);
  const enlarge = Math.cos(turn) + (Math.abs(Math.sin(turn)) * Math.max(width, height)) / Math.min(width, height);
  pen.scale(enlarge, enlarge);
  pen.rotate(turn);
  pen.rotate((crop.turns * Math.PI) / 2);
  pen.drawImage(picture, -picture.width / 2, -picture.height / 2);
  return canvas;
}

/** The part of a photograph as a picture to show. @param {Blob} shown @param {Crop|null} crop @returns {Promise<Blob>} */
export async function cropShown(shown, crop) {
  if (!crop) return shown;
  const bitmap = await createImageBitmap(shown), canvas = drawCrop(bitmap, crop);
  bitmap.close();
  return new Promise((done) => canvas.toBlob((blob) => done(blob || shown), "image/jpeg", 0.9));
}

/** The window to crop in. @param {(crop: Crop|null) => void} take */
export function cropper(take) {
  const canvas = make("canvas"), frame = make("div", { class: "crop-frame", tabindex: 0, role: "application" });
  label(frame, { "aria-label": "crop_frame" });
  for (const corner of CORNERS) frame.append(make("span", { class: `corner ${corner}`, "data-corner": corner }));
  const left = make("button", { type: "button", class: "button tool" }, icon("left")), right = make("button", { type: "button", class: "button tool" }, icon("right"));
  label(left, { "aria-label": "turn_left", title: "turn_left" });
  label(right, { "aria-label": "turn_right", title: "turn_right" });
  const angle = slider("crop-angle", "straighten", { low: -15, high: 15, step: 0.1, value: 0 });
  const shape = choice("crop-shape", "crop_shape", Object.keys(SHAPES).map((name) => [name, name === "free" ? "crop_free" : `crop_${name.replace(":", "_")}`]), "free");
  const whole = button("crop-whole", "crop_whole"), ready = button("crop-take", "crop_take", "primary");
  const stage = make("div", { class: "crop-stage" }, canvas, frame);
  const element = dialog("crop", "crop", make("div", { class: "crop-canvas" }, stage),
    make("div", { class: "crop-tools" }, make("div", { class: "toolbar" }, left, right), angle.element, shape.element),
    make("div", { class: "actions end" }, whole, ready));
  /** @type {ImageBitmap|null} */
  let picture = null;
  let turns = 0, box = { left: 0, top: 0, right: 1, bottom: 1 };

  const draw = () => {
    if (!picture) return;
    const drawn = drawCrop(picture, { turns, angle: angle.value, left: 0, top: 0, right: 1, bottom: 1 }, 1200);
    canvas.width = drawn.width;
    canvas.height = drawn.height;
    canvas.getContext("2d")?.drawImage(drawn, 0, 0);
    stage.style.setProperty("--ratio", `${drawn.width} / ${drawn.height}`);
    stage.style.setProperty("--wide", String(drawn.width / drawn.height));
    place();
  };
  const place = () => {
    frame.style.cssText = `left:${100 * box.left}%;top:${100 * box.top}%;right:${100 * (1 - box.right)}%;bottom:${100 * (1 - box.bottom)}%`;
  };

  /** The wanted ratio of width to height in shares of the picture; 0 is free. */
  const ratio = () => (SHAPES[/** @type {keyof typeof SHAPES} */ (shape.value)] * canvas.height) / canvas.width;

  /** Give the frame the chosen shape about its middle. */
  function fit() {
    const wanted = ratio();
    if (!wanted) return;
    let width = box.right - box.left, height = width / wanted;
    if (height > box.bottom - box.top) { height = box.bottom - box.top; width = height * wanted; }
    const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
    box = { left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 };
    place();
  }

  /** @param {number} x @param {number} y  Shares of the picture by which it moves. */
  function move(x, y) {
    const right = Math.max(-box.left, Math.min(1 - box.right, x)), down = Math.max(-box.top, Math.min(1 - box.bottom, y));
    box = { left: box.left + right, right: box.right + right, top: box.top + down, bottom: box.bottom + down };
    place();
  }

  /** Move a corner to a place; the opposite corner stays. @param {string} corner @param {number} x @param {number} y */
  function stretch(corner, x, y) {
    const next = { ...box }, limit = (/** @type {number} */ at) => Math.min(1, Math.max(0, at));
    if (corner.includes("w")) next.left = Math.min(limit(x), box.right - SMALLEST); else next.right = Math.max(limit(x), box.left + SMALLEST);
    if (corner.includes("n")) next.top = Math.min(limit(y), box.bottom - SMALLEST); else next.bottom = Math.max(limit(y), box.top + SMALLEST);
    const wanted = ratio();
    if (wanted) {
      const width = Math.min(next.right - next.left, (next.bottom - next.top) * wanted), height = width / wanted;
      if (corner.includes("w")) next.left = next.right - width; else next.right = next.left + width;
      if (corner.includes("n")) next.top = next.bottom - height; else next.bottom = next.top + height;
    }
    box = next;
    place();
  }

  frame.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    frame.focus({ preventScroll: true });
    frame.setPointerCapture(event.pointerId);
    const corner = /** @type {HTMLElement} */ (event.target).dataset.corner;
    let last = { x: event.clientX, y: event.clientY };
    const shown = stage.getBoundingClientRect();
    const dragged = (/** @type {PointerEvent} */ to) => {
      if (corner) stretch(corner, (to.clientX - shown.left) / shown.width, (to.clientY - shown.top) / shown.height);
      else move((to.clientX - last.x) / shown.width, (to.clientY - last.y) / shown.height);
      last = { x: to.clientX, y: to.clientY };
    };
    frame.addEventListener("pointermove", dragged);
    frame.addEventListener("lostpointercapture", () => frame.removeEventListener("pointermove", dragged), { once: true });
  });
  frame.addEventListener("keydown", (event) => {
    /** @type {Record<string, number[]>} */
    const moves = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    const by = moves[event.key];
    if (!by) return;
    event.preventDefault();
    if (event.shiftKey) stretch("se", box.right + by[0], box.bottom + by[1]);
    else move(by[0], by[1]);
  });
  const turn = (/** @type {number} */ by) => {
    turns = (turns + by + 4) % 4;
    box = { left: 0, top: 0, right: 1, bottom: 1 };
    draw();
    fit();
  };
  left.addEventListener("click", () => turn(-1));
  right.addEventListener("click", () => turn(1));
  angle.onInput(draw);
  shape.onInput(() => { if (shape.value !== "free") box = { left: 0, top: 0, right: 1, bottom: 1 }; fit(); place(); });
  whole.addEventListener("click", () => { element.close(); take(null); });
  ready.addEventListener("click", () => {
    const exact = (/** @type {number} */ at) => Math.min(1, Math.max(0, Number(at.toFixed(5))));
    const crop = { turns, angle: angle.value, left: exact(box.left), top: exact(box.top), right: exact(box.right), bottom: exact(box.bottom) };
    element.close();
    take(isWhole(crop) ? null : crop);
  });
  return {
    /** Open the window. @param {Blob} shown  The whole photograph. @param {Crop|null} crop */
    async open(shown, crop) {
      picture?.close();
      picture = await createImageBitmap(shown);
      turns = crop?.turns || 0;
      angle.value = crop?.angle || 0;
      shape.value = "free";
      box = crop ? { left: crop.left, top: crop.top, right: crop.right, bottom: crop.bottom } : { left: 0, top: 0, right: 1, bottom: 1 };
      element.showModal();
      draw();
      frame.focus();
    },
  };
}
