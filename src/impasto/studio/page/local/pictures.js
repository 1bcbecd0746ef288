// Files to pictures and back, by the browser's own decoders and encoders.
//
// The browser turns a picture upright and converts its colours to sRGB, with 8 bits a sample; metadata is left out.

import { LocalError } from "./errors.js";
import { scaled } from "./resampling.js";

/**
 * @typedef {import("./resampling.js").Picture} Picture
 * @typedef {import("../engine.js").Crop} Crop
 */

const STRIP_PIXELS = 1 << 22; // pixels that are read at a time: some browsers have no larger canvas
const JPEG_QUALITY = 0.95;
const SHOWN_SIDE = 1600; // pixels: longer side of what a page shows of a photograph at most

/**
 * Decode a file, upright and in sRGB.
 * @param {Blob} file @param {string} name for messages @param {number} maxPixels
 * @returns {Promise<ImageBitmap>}
 */
export async function decode(file, name, maxPixels) {
  const bitmap = await createImageBitmap(file, {
    imageOrientation: "from-image", premultiplyAlpha: "none", colorSpaceConversion: "default",
  }).catch(() => null);
  if (!bitmap) throw new LocalError("local_no_picture", { name });
  const { width, height } = bitmap;
  if (width * height > maxPixels) {
    bitmap.close();
    throw new LocalError("local_too_large", { name, width, height, limit: Math.round(maxPixels / 1e6) });
  }
  return bitmap;
}

/** Whether a file is an animation, of which a browser decodes the first picture; false where the browser cannot tell. @param {File} file */
export async function isAnimated(file) {
  const Decoder = /** @type {any} */ (globalThis).ImageDecoder;
  if (!Decoder || !/^image\/(gif|webp|avif|png|apng)$/.test(file.type)) return false;
  try {
    const decoder = new Decoder({ data: file.stream(), type: file.type });
    await decoder.tracks.ready;
    const { animated, frameCount } = decoder.tracks.selectedTrack;
    decoder.close();
    return animated && frameCount > 1;
  } catch {
    return false;
  }
}

/**
 * The pixels of a bitmap.
 * @param {ImageBitmap} bitmap closed afterwards @param {Crop | null} crop
 * @returns {Picture} bytes
 */
export function pixelsOfBitmap(bitmap, crop) {
  const from = crop ? croppedSource(bitmap, crop) : { width: bitmap.width, height: bitmap.height, draw: null };
  const { width, height } = from, size = width * height, rgb = new Uint8Array(3 * size);
  let alpha = /** @type {Uint8Array | null} */ (null);
  const rows = Math.max(1, Math.min(height, Math.floor(STRIP_PIXELS / width)));
  const canvas = new OffscreenCanvas(width, rows), context = context2d(canvas);
  const exact = from.draw ? null : exactReader(bitmap, rows);
  for (let top = 0; top < height; top += rows) {
    const high = Math.min(rows, height - top);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, rows);
    if (from.draw) from.draw(context, top);
    else context.drawImage(bitmap, 0, -top);
    let data = context.getImageData(0, 0, width, high).data;
    let opaque = true;
    for (let i = 3; i < data.length && opaque; i += 4) opaque = data[i] === 255;
    if (!opaque) {
      alpha ??= new Uint8Array(size).fill(255);
      data = exact?.(top, high) ?? data; // a canvas keeps colours multiplied with alpha, which rounds them
    }
    for (let i = 0, at = top * width; i < data.length; i += 4, at++) {
      rgb[at] = data[i];
      rgb[size + at] = data[i + 1];
      rgb[2 * size + at] = data[i + 2];
      if (alpha && !opaque) alpha[at] = data[i + 3];
    }
  }
  bitmap.close();
  return { width, height, rgb, alpha };
}

/**
 * Reads rows of a bitmap with alpha without rounding its colours, by WebGL; `null` where there is none.
 * @param {ImageBitmap} bitmap @param {number} rows that are read at a time
 * @returns {((top: number, high: number) => Uint8ClampedArray<ArrayBuffer>) | null}
 */
function exactReader(bitmap, rows) {
  const gl = new OffscreenCanvas(1, 1).getContext("webgl2", { premultipliedAlpha: false });
  if (!gl || Math.max(bitmap.width, bitmap.height) > gl.getParameter(gl.MAX_TEXTURE_SIZE)) return null;
  let ready = false;
  return (top, high) => {
    if (!ready) {
      gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
      gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.NONE);
      const texture = gl.createTexture();
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, bitmap);
      gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
      ready = true;
    }
    const out = new Uint8Array(bitmap.width * high * 4);
    gl.readPixels(0, top, bitmap.width, high, gl.RGBA, gl.UNSIGNED_BYTE, out);
    return new Uint8ClampedArray(out.buffer);
  };
}

/**
 * A part of a bitmap: turned, straightened, then cut.
 * @param {ImageBitmap} bitmap @param {Crop} crop
 */
function croppedSource(bitmap, crop) {
  const odd = crop.turns % 2 === 1, wide = odd ? bitmap.height : bitmap.width, high = odd ? bitmap.width : bitmap.height;
  const left = Math.round(crop.left * wide), top = Math.round(crop.top * high);
  const width = Math.max(1, Math.round(crop.right * wide) - left), height = Math.max(1, Math.round(crop.bottom * high) - top);
  const angle = (crop.angle * Math.PI) / 180, cosine = Math.abs(Math.cos(angle)), sine = Math.abs(Math.sin(angle));
  const enlarged = Math.max(cosine + (sine * high) / wide, cosine + (sine * wide) / high); // no corner is empty
  const draw = (/** @type {OffscreenCanvasRenderingContext2D} */ context, /** @type {number} */ row) => {
    context.imageSmoothingQuality = "high";
    context.translate(wide / 2 - left, high / 2 - top - row);
    if (angle) {
      context.rotate(angle);
      context.scale(enlarged, enlarged);
    } else context.imageSmoothingEnabled = false;
    context.rotate((crop.turns * Math.PI) / 2);
    context.drawImage(bitmap, -bitmap.width / 2, -bitmap.height / 2);
  };
  return { width, height, draw };
}

/** A mask: the mean of its colours, which counts for nothing where it is transparent. @param {Blob} file */
export async function decodeMask(file) {
  const { width, height, rgb, alpha } = pixelsOfBitmap(await decode(file, "mask", Infinity), null), size = width * height;
  const levels = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const grey = (rgb[i] + rgb[size + i] + rgb[2 * size + i]) / 3;
    levels[i] = Math.round((grey * (alpha ? alpha[i] : 255)) / 255);
  }
  return { width, height, levels };
}

/** The type of the result of a photograph: its own where browsers can write it, else PNG. @param {string} name of the file */
export function resultType(name) {
  const types = /** @type {Record<string, string>} */ ({ jpg: "image/jpeg", jpeg: "image/jpeg", webp: "image/webp" });
  return types[name.split(".").pop()?.toLowerCase() ?? ""] ?? "image/png";
}

/**
 * Encode a picture; where the format has no alpha, it is laid on white.
 * @param {Picture} picture bytes @param {string} type @param {number} [quality]
 */
export async function encode(picture, type, quality = JPEG_QUALITY) {
  const canvas = new OffscreenCanvas(picture.width, picture.height), { width, height, rgb, alpha } = picture, size = width * height;
  const context = context2d(canvas), rows = Math.max(1, Math.floor(STRIP_PIXELS / width)), white = alpha && type === "image/jpeg";
  for (let top = 0; top < height; top += rows) {
    const high = Math.min(rows, height - top), data = context.createImageData(width, high);
    for (let i = 0, at = top * width; i < data.data.length; i += 4, at++) {
      const opacity = alpha ? alpha[at] : 255;
      for (let c = 0; c < 3; c++) {
        const value = rgb[c * size + at];
        data.data[i + c] = white ? (value * opacity + 255 * (255 - opacity)) / 255 : value;
      }
      data.data[i + 3] = white ? 255 : opacity;
    }
    context.putImageData(data, 0, top);
  }
  return canvas.convertToBlob({ type, quality });
}

/** A picture as a page shows it, at most of a size. @param {Picture} picture bytes @param {number} [side] */
export function shown(picture, side = SHOWN_SIDE) {
  const scale = Math.min(1, side / Math.max(picture.width, picture.height));
  const small = scale < 1 ? scaled(picture, Math.round(picture.width * scale), Math.round(picture.height * scale)) : picture;
  return encode(small, picture.alpha ? "image/png" : "image/jpeg", 0.92);
}

/** @param {OffscreenCanvas} canvas */
function context2d(canvas) {
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  if (!context) throw new LocalError("local_memory");
  return context;
}
