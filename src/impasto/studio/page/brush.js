// A mask, brushed over a picture: white where it was brushed.
// Pointer: draws. Keyboard: the arrow keys move the brush, the space bar draws, Backspace erases.

import { make, showBlob } from "./dom.js";
import { label, say } from "./texts.js";

const STEP = 0.02, LARGE_STEP = 0.1; // shares of the picture by which an arrow key moves the brush, without and with shift

/**
 * @typedef {object} Brush
 * @property {HTMLElement} element
 * @property {(picture: Blob|null) => Promise<void>} setPicture  Shows the picture below the brush; nothing is brushed on it.
 * @property {() => void} clear
 */

/**
 * @param {string} id
 * @param {(mask: Blob|null) => void} give  Gets the mask whenever it changes: a PNG, or null where nothing is brushed.
 * @returns {Brush}
 */
export function brush(id, give) {
  const image = make("img", { alt: "" }), canvas = make("canvas", { tabindex: 0, role: "application" }), cursor = make("div", { class: "cursor" });
  const size = make("input", { type: "range", min: 2, max: 40, value: 12 });
  const draws = say(make("button", { type: "button", class: "chip" }), "brush"), erases = say(make("button", { type: "button", class: "chip" }), "eraser");
  const clears = say(make("button", { type: "button", class: "chip" }), "mask_clear");
  label(canvas, { "aria-label": "mask_canvas" });
  const easel = make("div", { class: "easel" }, image, canvas, cursor);
  const element = make("div", { class: "brush empty", id }, easel,
    make("div", { class: "handles" }, draws, erases, make("label", {}, say(make("span"), "brush_size"), size), clears));
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  let erasing = false, at = { x: 0.5, y: 0.5 };
  /** @type {{x: number, y: number}|null} */
  let last = null;

  const radius = () => (Number(size.value) / 200) * Math.max(canvas.width, canvas.height);

  function pick(/** @type {boolean} */ wanted) {
    erasing = wanted;
    draws.setAttribute("aria-pressed", String(!erasing));
    erases.setAttribute("aria-pressed", String(erasing));
  }

  function place() {
    const shown = canvas.getBoundingClientRect(), wide = (2 * radius() * shown.width) / (canvas.width || 1);
    cursor.style.cssText = `left:${100 * at.x}%;top:${100 * at.y}%;width:${wide}px;height:${wide}px`;
  }

  function dab(/** @type {{x: number, y: number}} */ to, erase = erasing) {
    pen.globalCompositeOperation = erase ? "destination-out" : "source-over";
    pen.strokeStyle = "#e2582f";
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = 2 * radius();
    pen.beginPath();
    pen.moveTo((last || to).x * canvas.width, (last || to).y * canvas.height);
    pen.lineTo(to.x * canvas.width + 0.01, to.y * canvas.height);
    pen.stroke();
    last = to;
  }

  function tell() {
    last = null;
    const data = pen.getImageData(0, 0, canvas.width, canvas.height), values = data.data;
    let any = false;
    for (let i = 0; i < values.length; i += 4) {
      const v = values[i + 3];
      if (v > 0) any = true;
      values[i] = values[i + 1] = values[i + 2] = v;
      values[i + 3] = 255;
    }
    if (!any) return give(null);
    const mask = make("canvas", { width: canvas.width, height: canvas.height });
    mask.getContext("2d")?.putImageData(data, 0, 0);
    mask.toBlob(give, "image/png");
  }

  const where = (/** @type {MouseEvent} */ event) => {
    const shown = canvas.getBoundingClientRect();
    return { x: (event.clientX - shown.left) / shown.width, y: (event.clientY - shown.top) / shown.height };
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    at = where(event);
    place();
    dab(at);
  });
  canvas.addEventListener("pointermove", (event) => {
    at = where(event);
    place();
    if (last) for (const step of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) dab(where(step));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { if (last) tell(); });
  canvas.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? LARGE_STEP : STEP;
    /** @type {Record<string, number[]>} */
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    const move = moves[event.key];
    if (move) at = { x: Math.min(1, Math.max(0, at.x + move[0])), y: Math.min(1, Math.max(0, at.y + move[1])) };
    else if (event.key === " " || event.key === "Backspace") { dab(at, event.key === "Backspace" || erasing); tell(); }
    else return;
    event.preventDefault();
    place();
  });
  size.addEventListener("input", place);
  draws.addEventListener("click", () => pick(false));
  erases.addEventListener("click", () => pick(true));
  const clear = () => pen.clearRect(0, 0, canvas.width, canvas.height);
  clears.addEventListener("click", () => { clear(); give(null); });
  pick(false);
  return {
    element,
    clear,
    async setPicture(picture) {
      element.classList.toggle("empty", !picture);
      showBlob(image, picture);
      if (!picture) return;
      await image.decode().catch(() => {});
      const scale = Math.min(1, 1000 / Math.max(image.naturalWidth, image.naturalHeight)); // of a preview, at most
      canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
      canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
      easel.style.setProperty("--ratio", `${canvas.width} / ${canvas.height}`);
      easel.style.setProperty("--wide", String(canvas.width / canvas.height));
      place();
    },
  };
}
