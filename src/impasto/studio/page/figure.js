// Stick figures that move together: turned by dragging or by the arrow keys, all of them at once.

import { make } from "./dom.js";
import { label, say } from "./texts.js";

/**
 * @typedef {object} Figure  A movement as the server tells it.
 * @property {[number, number, number][][]} points  By frame and joint, in lengths of a leg: x to the right, y up, z towards the viewer; the floor is at 0.
 * @property {[number, number][]} center  By frame, where on the floor the viewer looks: x and z.
 * @property {[number, number, string][]} bones  Two joints, and the side of the body: "left", "right" or "".
 * @property {number|null} head  The joint at which the head is drawn.
 * @property {number} rate  Frames a second.
 * @property {number} seconds  Of the whole clip.
 */

const TILT = (12 * Math.PI) / 180; // by which the viewer looks down
const HIGH = 2.75, WIDE = 1.9; // lengths of a leg that fit into a drawing
const BELOW = 0.42; // lengths of a leg of floor at the lower edge
const GRID = 0.5, REACH = 3; // lengths of a leg between lines on the floor, and how far they reach
const KEY_TURN = Math.PI / 12;
const DRAG_TURN = 0.011; // radians a pixel

/** How long what is drawn of a figure lasts, in seconds. @param {Figure} figure */
export const shownSeconds = (figure) => figure.points.length / figure.rate;

/** Several figures side by side, at one time and from one side. */
export function figures() {
  const element = make("div", { class: "figures" });
  /** @type {{canvas: HTMLCanvasElement, figure: Figure}[]} */
  let shown = [];
  let turn = 0, time = 0;

  function draw() {
    for (const { canvas, figure } of shown) drawFigure(canvas, figure, time, turn);
  }

  /** @param {HTMLCanvasElement} canvas */
  function turnable(canvas) {
    let from = 0;
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); from = event.clientX; });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return;
      turn += (event.clientX - from) * DRAG_TURN;
      from = event.clientX;
      draw();
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      event.preventDefault();
      turn += event.key === "ArrowLeft" ? -KEY_TURN : KEY_TURN;
      draw();
    });
  }

  new ResizeObserver(draw).observe(element);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  return {
    element,
    /** Show figures. @param {[string, Figure][]} wanted  Key of the text under each, and the figure. */
    show(wanted) {
      shown = wanted.map(([key, figure]) => {
        const canvas = make("canvas", { role: "img", tabindex: 0, "data-figure": key });
        label(canvas, { "aria-label": "motion_canvas" });
        turnable(canvas);
        return { canvas, figure, key };
      });
      element.replaceChildren(...shown.map(({ canvas }, n) => make("figure", {}, canvas, say(make("figcaption"), wanted[n][0]))));
      draw();
    },
    /** Show all figures at a time. @param {number} seconds */
    at(seconds) {
      time = seconds;
      draw();
    },
  };
}

/** @param {HTMLCanvasElement} canvas @param {Figure} figure @param {number} time @param {number} turn */
function drawFigure(canvas, figure, time, turn) {
  const dots = window.devicePixelRatio || 1, width = canvas.clientWidth * dots, height = canvas.clientHeight * dots;
  const pen = canvas.getContext("2d");
  if (!pen || !width || !height) return;
  if (canvas.width !== Math.round(width) || canvas.height !== Math.round(height)) { canvas.width = Math.round(width); canvas.height = Math.round(height); }
  const frame = Math.floor(time * figure.rate + 1e-6) % figure.points.length, points = figure.points[frame], [x0, z0] = figure.center[frame];
  canvas.dataset.frame = String(frame);
  canvas.dataset.turn = turn.toFixed(3);
  const style = getComputedStyle(canvas), color = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  const scale = Math.min(height / HIGH, width / WIDE), cos = Math.cos(turn), sin = Math.sin(turn);
  /** Pixels of a point, and how near it is. @param {number} x @param {number} y @param {number} z @returns {[number, number, number]} */
  const place = (x, y, z) => {
    const across = cos * (x - x0) + sin * (z - z0), near = cos * (z - z0) - sin * (x - x0);
    const up = y * Math.cos(TILT) - near * Math.sin(TILT);
    return [width / 2 + across * scale, height / 2 + (HIGH / 2 - BELOW - up) * scale, near];
  };
  const line = (/** @type {number[]} */ one, /** @type {number[]} */ other) => {
    pen.beginPath();
    pen.moveTo(one[0], one[1]);
    pen.lineTo(other[0], other[1]);
    pen.stroke();
  };
  pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.lineCap = "round";

  pen.strokeStyle = color("line");
  pen.lineWidth = dots;
  for (let at = Math.ceil((x0 - REACH) / GRID) * GRID; at <= x0 + REACH; at += GRID) line(place(at, 0, z0 - REACH), place(at, 0, z0 + REACH));
  for (let at = Math.ceil((z0 - REACH) / GRID) * GRID; at <= z0 + REACH; at += GRID) line(place(x0 - REACH, 0, at), place(x0 + REACH, 0, at));

  const placed = points.map(([x, y, z]) => place(x, y, z)), shadow = points.map(([x, , z]) => place(x, 0, z));
  pen.lineWidth = Math.max(0.055 * scale, 2 * dots);
  pen.strokeStyle = color("line-strong");
  for (const [one, other] of figure.bones) line(shadow[one], shadow[other]);
  const nearness = (/** @type {Figure["bones"][0]} */ [one, other]) => placed[one][2] + placed[other][2];
  for (const [one, other, side] of [...figure.bones].sort((a, b) => nearness(a) - nearness(b))) {
    pen.strokeStyle = color(side || "ink");
    line(placed[one], placed[other]);
  }
  if (figure.head !== null) {
    const [x, y] = placed[figure.head];
    pen.fillStyle = color("ink");
    pen.beginPath();
    pen.arc(x, y - 0.1 * scale, 0.13 * scale, 0, 2 * Math.PI);
    pen.fill();
  }
}
