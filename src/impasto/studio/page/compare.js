// Before and after in one frame, with a divider that the pointer and the arrow keys move; pictures or videos.

import { make, showBlob } from "./dom.js";
import { label, say } from "./texts.js";

/**
 * @typedef {object} Compare
 * @property {HTMLElement} element
 * @property {(before: Blob|string|null, after: Blob|string|null, text?: string) => Promise<void>} show  Shows two pictures, or one
 *   where the second is null; nothing where both are. They are swapped once both are decoded, so nothing flickers.
 */

/**
 * The frame and its divider.
 * @param {string} id
 * @param {HTMLElement} before
 * @param {HTMLElement} after
 * @param {{before: string, after: string}} keys  Of the texts on both sides.
 */
function frame(id, before, after, keys) {
  const range = make("input", { type: "range", min: 0, max: 100, value: 50, step: 1, class: "divide" });
  label(range, { "aria-label": "divider" });
  const element = make("div", { class: "compare empty", id }, before, after,
    say(make("span", { class: "tag left" }), keys.before), say(make("span", { class: "tag right" }), keys.after),
    make("div", { class: "divider" }), range);
  const place = () => {
    element.style.setProperty("--at", `${range.value}%`);
    element.classList.toggle("far-left", Number(range.value) < 12);
    element.classList.toggle("far-right", Number(range.value) > 88);
  };
  range.addEventListener("input", place);
  place();
  const shape = (/** @type {number} */ width, /** @type {number} */ height) => {
    element.style.setProperty("--ratio", `${width} / ${height}`);
    element.style.setProperty("--wide", String(width / height));
  };
  return { element, shape };
}

/** @param {string} id @returns {Compare} */
export function compare(id) {
  const before = make("img", { class: "before", alt: "" }), after = make("img", { class: "after", alt: "" });
  const { element, shape } = frame(id, before, after, { before: "before", after: "after" });
  label(before, { alt: "before" });
  label(after, { alt: "after" });
  let turn = 0;
  return {
    element,
    async show(one, two, text = "") {
      const mine = ++turn;
      if (!one) return element.classList.add("empty");
      const load = async (/** @type {Blob|string} */ picture) => {
        const image = new Image();
        if (typeof picture === "string") image.src = picture;
        else showBlob(image, picture);
        await image.decode();
        return image;
      };
      const [first, second] = await Promise.all([load(one), two ? load(two) : null]);
      if (mine !== turn) return;
      shape(first.naturalWidth, first.naturalHeight);
      const set = (/** @type {HTMLImageElement} */ image, /** @type {Blob|string} */ picture) =>
        typeof picture === "string" ? image.setAttribute("src", picture) : showBlob(image, picture);
      set(before, one);
      set(after, two || one);
      element.classList.remove("empty");
      element.classList.toggle("single", !second);
      element.dataset.text = text;
    },
  };
}

/**
 * The same for videos, which play together.
 * @param {string} id
 * @returns {{element: HTMLElement, show: (before: string|null, after: string|null) => void}}
 */
export function compareVideos(id) {
  const before = make("video", { class: "before", playsinline: true, preload: "auto", id: `${id}-before` });
  const after = make("video", { class: "after", playsinline: true, preload: "auto", id: `${id}-after` });
  before.muted = true;
  const { element, shape } = frame(id, before, after, { before: "video_before", after: "video_after" });
  label(before, { "aria-label": "video_before" });
  label(after, { "aria-label": "video_after" });
  for (const video of [before, after]) {
    video.addEventListener("loadedmetadata", () => { if (video === after || !after.getAttribute("src")) shape(video.videoWidth, video.videoHeight); });
  }
  return {
    element,
    show(one, two) {
      for (const [video, address] of /** @type {[HTMLVideoElement, string|null][]} */ ([[before, one], [after, two]])) {
        if (address && video.getAttribute("src") !== address) video.src = address;
        if (!address) { video.removeAttribute("src"); video.load(); }
      }
      element.classList.toggle("empty", !one && !two);
      element.classList.toggle("single", !one || !two);
      element.classList.toggle("only-after", !one && Boolean(two));
    },
  };
}
