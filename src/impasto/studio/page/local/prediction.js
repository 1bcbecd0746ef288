// The style of a picture at once, by the style predictor in onnxruntime; as impasto/learning/prediction.py, and the picture
// at the size at which its strokes are looked at, as impasto/styles/source_pictures.py.

import { roundHalfEven } from "./boxes.js";
import { LocalError } from "./errors.js";
import { fillTransparent, scaled, toBytes, toUnitRange } from "./resampling.js";

/** @typedef {import("./resampling.js").Picture} Picture */

/** Files of the predictor, which are loaded with the first picture that is to be a style: the model, and its weights. */
export const PREDICTOR = { model: "predictor.onnx", weights: ["predictor.safetensors", "perceptual.safetensors"] };

const MIN_SIDE = 32; // pixels: of a smaller side the perceptual network's last layers would see nothing
const MAX_PIXELS = 1 << 19; // pixels of a style picture that are looked at together

/**
 * Predict the style of a picture; of a long one, the mean of the predictions for its pieces.
 * @param {Picture} picture bytes, opaque @param {string} name of its file, for messages
 * @param {number} side shorter side in pixels at which it is looked at, if it is longer
 * @param {() => Promise<import("./network.js").Session>} predictor
 * @returns {Promise<{scale: Float32Array, shift: Float32Array}>}
 */
export async function predict(picture, name, side, predictor) {
  const parts = pieces(resizedStylePicture(picture, name, side)), { library, session } = await predictor();
  /** @type {{scale: Float32Array, shift: Float32Array}[]} */
  const predicted = [];
  for (const { width, height, rgb } of parts) {
    const outputs = await session.run({ picture: new library.Tensor("float32", toUnitRange(rgb), [1, 3, height, width]) });
    predicted.push({ scale: outputs.scale.data, shift: outputs.shift.data });
  }
  const mean = (/** @type {"scale" | "shift"} */ key) =>
    predicted[0][key].map((_, i) => predicted.reduce((sum, one) => sum + one[key][i], 0) / predicted.length);
  return { scale: mean("scale"), shift: mean("shift") };
}

/**
 * A picture whose transparent parts have the colours around them.
 * @param {Picture} picture bytes @returns {Picture} bytes
 */
export function opaque(picture) {
  const { width, height, rgb, alpha } = picture;
  if (!alpha) return picture;
  return { width, height, rgb: toBytes(fillTransparent(toUnitRange(rgb), toUnitRange(alpha), width, height)), alpha: null };
}

/**
 * A picture cut along its longer side into pieces of one size, since memory goes with pixels.
 * @param {Picture} picture opaque @returns {Picture[]} one, up to MAX_PIXELS
 */
function pieces({ width, height, rgb }) {
  const count = Math.ceil((width * height) / MAX_PIXELS), longer = Math.max(width, height), tall = height > width;
  const ends = Array.from({ length: count + 1 }, (_, i) => roundHalfEven(i * (longer / count)));
  return ends.slice(1).map((end, i) => {
    const [top, bottom, left, right] = tall ? [ends[i], end, 0, width] : [0, height, ends[i], end];
    const part = new Uint8Array(3 * (bottom - top) * (right - left));
    for (let row = 0, to = 0; row < 3 * height; row++) {
      if (row % height < top || row % height >= bottom) continue;
      part.set(rgb.subarray(row * width + left, row * width + right), to);
      to += right - left;
    }
    return { width: right - left, height: bottom - top, rgb: part, alpha: null };
  });
}

/**
 * A style picture with its shorter side shrunk, or enlarged to MIN_SIDE.
 * @param {Picture} picture bytes, opaque @param {string} name @param {number} side @returns {Picture} bytes
 */
function resizedStylePicture(picture, name, side) {
  const { width, height } = picture, factor = Math.min(1, side / Math.min(width, height));
  const [seenWidth, seenHeight] = [width, height].map((length) => Math.max(1, roundHalfEven(length * factor)));
  const least = Math.min(seenWidth, seenHeight), enlarged = Math.max(1, MIN_SIDE / least);
  if (least < 2) throw new LocalError("style_picture_line", { name, width: seenWidth, height: seenHeight });
  const toWidth = roundHalfEven(seenWidth * enlarged), toHeight = roundHalfEven(seenHeight * enlarged);
  return toWidth === width && toHeight === height ? picture : scaled(picture, toWidth, toHeight);
}
