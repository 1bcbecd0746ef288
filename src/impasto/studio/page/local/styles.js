// Style files (safetensors), as impasto/styles/files.py reads them.

import { LocalError } from "./errors.js";

/** @typedef {import("./composition.js").Style} Style */

const MAX_HEADER = 1 << 20; // bytes of a header at most
const LARGEST = 100; // the largest number that is taken for a style's

/**
 * Read a style of the package's network.
 * @param {ArrayBuffer} content of a style file @param {string} file its name, for messages
 * @param {string} network id of the network that it must belong to
 * @returns {Style}
 */
export function readStyle(content, file, network) {
  const refuse = () => new LocalError("style_file", { name: file });
  const view = new DataView(content), length = content.byteLength > 8 ? Number(view.getBigUint64(0, true)) : 0;
  if (length < 2 || length > Math.min(MAX_HEADER, content.byteLength - 8)) throw refuse();
  let header;
  try {
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(content, 8, length)));
  } catch {
    throw refuse();
  }
  const about = header?.__metadata__ ?? {};
  if (about.network !== network || "onnx" in header) throw refuse();
  const vector = (/** @type {string} */ key) => {
    const { dtype, data_offsets: [from, to] = [0, 0] } = header[key] ?? {}, start = 8 + length + from;
    if (dtype !== "F32" || to <= from || (to - from) % 4 || 8 + length + to > content.byteLength) throw refuse();
    const values = new Float32Array(content.slice(start, 8 + length + to));
    if (!values.every((value) => Math.abs(value) <= LARGEST)) throw refuse();
    return values;
  };
  const [scale, shift] = [vector("scale"), vector("shift")];
  if (scale.length !== shift.length) throw refuse();
  const name = String(about.name || nameFrom(file));
  return { name, scale, shift, grainShare: name === "photograph" ? 0 : 1 };
}

/** A file's name without its suffix, changed so that a style can have it; as style_name_from in impasto/studio/learnt.py. @param {string} file */
export function nameFrom(file) {
  const plain = file.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_.+-]+/gu, "-");
  return plain.replace(/^[_.+ -]+|[_.+ -]+$/g, "") || "style";
}

/** Numbers of 16 bits (IEEE 754 half precision) as floating point. @param {ArrayBuffer} content */
export function unpackHalves(content) {
  return Float32Array.from(new Uint16Array(content), (bits) => {
    const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 0x1f, fraction = bits & 0x3ff;
    return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -14 * (fraction / 1024);
  });
}
