// The style of a picture at once, by the style predictor in onnxruntime; as impasto/learning/prediction.py, and the picture
// at the size at which its strokes are looked at, as impasto/styles/source_pictures.py.

import { LocalError } from "./errors.js";
import { fillTransparent, scaled, toBytes, toUnitRange } from "./resampling.js";

/** @typedef {import("./resampling.js").Picture} Picture */

/** Files of the predictor, which are loaded with the first picture that is to be a style: the model, and its weights. */
export const PREDICTOR = { model: "predictor.onnx", weights: ["predictor.safetensors", "perceptual.safetensors"] };

/**
 * Predict the style of a picture.
 * @param {Picture} picture bytes @param {string} name of its file, for messages
 * @param {number} side shorter side in pixels at which it is looked at, if it is longer
 * @param {() => Promise<import("./network.js").Session>} predictor
 * @returns {Promise<{scale: Float32Array, shift: Float32Array}>}
 */
export async function predict(picture, name, side, predictor) {
  const { width, height, rgb } = resizedStylePicture(picture, name, side), { library, session } = await predictor();
  const outputs = await session.run({ picture: new library.Tensor("float32", toUnitRange(rgb), [1, 3, height, width]) });
  return { scale: outputs.scale.data, shift: outputs.shift.data };
}

/**
 * A style picture with its shorter side shrunk; what is transparent gets the colours around it.
 * @param {Picture} picture @param {string} name @param {number} side @returns {Picture} bytes
 */
function resizedStylePicture(picture, name, side) {
  const { width, height, rgb, alpha } = picture, factor = Math.min(1, side / Math.min(width, height));
  const [toWidth, toHeight] = [width, height].map((length) => Math.max(1, roundHalfToEven(length * factor)));
  if (Math.min(toWidth, toHeight) < 2) throw new LocalError("style_picture_line", { name, width: toWidth, height: toHeight });
  const colours = alpha ? toBytes(fillTransparent(toUnitRange(rgb), toUnitRange(alpha), width, height)) : rgb;
  const opaque = { width, height, rgb: colours, alpha: null };
  return toWidth === width && toHeight === height ? opaque : scaled(opaque, toWidth, toHeight);
}

/** The nearest whole number, of two equally near ones the even one, as Python rounds. @param {number} value */
function roundHalfToEven(value) {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}
