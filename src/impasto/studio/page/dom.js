// Small helpers to build the page's elements.

/**
 * An element with attributes and children. An attribute that is false, null or undefined is left out; true is "".
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children) if (child) made.append(child);
  return made;
}

/** A drawing of `icons.svg` beside a text; assistive programs skip it. @param {string} name */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg"), use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  drawing.append(use);
  return drawing;
}

/**
 * The newest call only: calls the function once no other call came for a while.
 * @template {any[]} A
 * @param {(...values: A) => void} call
 * @param {number} milliseconds
 */
export function settled(call, milliseconds) {
  let timer = 0;
  return (/** @type {A} */ ...values) => {
    clearTimeout(timer);
    timer = window.setTimeout(() => call(...values), milliseconds);
  };
}

/** @param {number} milliseconds @returns {Promise<void>} */
export const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** Whether an error says that the work was given up on purpose. @param {any} error */
export const isAbort = (error) => error?.name === "AbortError";

/** A blob as an address, revoked once another takes its place on the same element. */
const addresses = new WeakMap();

/**
 * Show a blob in an image, a video or a link.
 * @param {HTMLImageElement|HTMLVideoElement} element
 * @param {Blob|null} blob
 */
export function showBlob(element, blob) {
  const old = addresses.get(element);
  if (old) URL.revokeObjectURL(old);
  addresses.delete(element);
  if (!blob) return element.removeAttribute("src");
  const address = URL.createObjectURL(blob);
  addresses.set(element, address);
  element.src = address;
}

/**
 * Offer a blob as a download.
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = make("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60000);
}

/**
 * The address of a small copy of a picture, for a strip of pictures.
 * @param {Blob} blob
 * @param {number} side  Longer side in pixels.
 */
export async function smallAddress(blob, side) {
  const bitmap = await createImageBitmap(blob);
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const canvas = make("canvas", { width: Math.max(1, Math.round(bitmap.width * scale)), height: Math.max(1, Math.round(bitmap.height * scale)) });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return canvas.toDataURL("image/jpeg", 0.85);
}
