// The Picture tab: photographs are repainted while a slider moves.

import { batch } from "../batch.js";
import { brush } from "../brush.js";
import { compare } from "../compare.js";
import { cropper, cropShown } from "../cropper.js";
import { download, icon, isAbort, make, settled, smallAddress } from "../dom.js";
import { BundledStyle, drop, onDrop } from "../drop.js";
import { button } from "../fields.js";
import { lookPanel } from "../look.js";
import { recent } from "../remembered.js";
import { label, say, sayWith, withNotes, word } from "../texts.js";
import { complain, showError } from "../toasts.js";
import { lookMenu } from "../lookmenu.js";
import { lookOfAddress } from "../presets.js";
import { sideBySide } from "../sidebyside.js";

/** @typedef {import("../engine.js").Painting} Painting */

/**
 * @typedef {object} Photo  A photograph that the visitor works on.
 * @property {File} file
 * @property {import("../engine.js").Photograph} opened
 * @property {Blob|null} mask
 * @property {import("../engine.js").Crop|null} crop
 * @property {Blob} shown  The photograph, or its part, as the page shows it.
 * @property {string} small  Address of a small copy.
 */

/**
 * @typedef {object} Result  A full result, to go back to.
 * @property {Photo} photo
 * @property {import("../look.js").Look} look
 * @property {Painting} painting
 * @property {Blob|null} mask
 * @property {import("../engine.js").Crop|null} crop
 * @property {string} small
 */

const FULL_SIZE_DELAY = 350; // ms without a change after which a picture is painted at full size
const SLOW = 1500; // ms after which a painting says how far it is
const MOST_RESULTS = 12;
const EXAMPLE = "example.jpg";

/**
 * @param {HTMLElement} panel
 * @param {import("../app.js").App} app
 */
export function build(panel, app) {
  const { engine } = app;
  const panelOfLook = lookPanel("picture", engine, app.styles, app.reloadStyles);
  app.onStyles(() => {
    panelOfLook.picker.setStyles(app.styles);
    thumbed = null; // the new one may have no thumbnail yet
  });

  const frame = compare("picture-compare");
  const masking = brush("picture-brush", (mask) => { if (shown) { shown.mask = mask; changed(); } });
  const files = drop("picture-files", "drop_photos", { accept: "image/*,.tif,.tiff,.heic,.heif,.avif,.ppm", multiple: true }, take);
  const example = button("picture-example", "example", "quiet");
  const empty = make("div", { class: "emptiness" }, files.element, example);
  const status = say(make("p", { class: "status", id: "picture-status", role: "status" }), "welcome");
  const save = button("picture-download", "download", "primary", icon("download"));
  const maskToggle = button("picture-mask", "mask", "tool", icon("brush"));
  const cropButton = button("picture-crop", "crop", "tool", icon("crop"));
  const sideButton = button("picture-side", "side_title", "tool", icon("columns"));
  const refine = button("picture-refine", "refine", "tool", icon("refine"));
  const maskBar = make("div", { class: "mask-bar", hidden: true }, say(make("p", { class: "hint" }), "mask_hint"), panelOfLook.masked?.element);
  const looks = lookMenu(panelOfLook, () => app.styles);
  const { mask: takesMask, crop: takesCrop, tabs } = engine.capabilities;
  const tools = make("div", { class: "toolbar", role: "toolbar" }, looks.element, takesCrop && cropButton, takesMask && maskToggle, sideButton,
    tabs.includes("paint") && refine);
  const cropping = cropper((crop) => { if (shown) setCrop(shown, crop).catch(showError); });
  const comparing = sideBySide(engine, () => app.styles, () => request(), (styles, painting) => {
    panelOfLook.look = { ...panelOfLook.look, styles: styles.map(({ name, weight }) => `${name}:${weight}`) };
    if (shown) finish(shown, painting).catch(showError);
  });
  const photosStrip = make("div", { class: "strip photos", role: "group" }), resultsStrip = make("div", { class: "strip results", role: "group" });
  const many = batch(engine, () => ({ styles: panelOfLook.picker.value, options: panelOfLook.options, metadata: panelOfLook.metadata }));
  const area = make("div", { class: "canvas" }, empty, frame.element, masking.element);
  label(tools, { "aria-label": "tools" });
  label(photosStrip, { "aria-label": "photographs" });
  label(resultsStrip, { "aria-label": "last_results" });
  const stage = make("div", { class: "stage" }, area, maskBar,
    make("div", { class: "actions" }, tools, status, save), photosStrip, many.element, resultsStrip);
  panel.append(stage, panelOfLook.element);

  /** @type {Photo[]} */
  let photos = [];
  /** @type {Photo|null} */
  let shown = null;
  /** @type {Result[]} */
  let results = [];
  /** The result that is shown, or was last. @type {Result|null} */
  let now = null;
  let turn = 0, resting = 0, previewing = false, brushing = false;
  /** @type {AbortController|null} */
  let work = null;
  /** @type {AbortController|null} */
  let thumbing = null;
  /** The photograph on which the thumbnails of the styles are painted. @type {Photo|null} */
  let thumbed = null;

  save.disabled = true;

  /** Add photographs, and show the first of them. @param {File[]} given */
  async function take(given) {
    /** @type {Photo|null} */
    let first = null;
    for (const file of given) {
      try {
        const opened = await engine.open(file);
        const photo = { file, opened, mask: null, crop: null, shown: opened.shown, small: await smallAddress(opened.shown, 160) };
        photos = [...photos, photo];
        if (!first) { first = photo; show(photo); }
      } catch (error) {
        showError(error);
      }
    }
    drawPhotos();
  }

  /** Show a photograph, and paint it. @param {Photo|null} photo */
  function show(photo) {
    shown = photo;
    work?.abort();
    save.disabled = true;
    stage.classList.toggle("filled", Boolean(photo));
    drawPhotos();
    setBrushing(brushing && Boolean(photo));
    if (!photo) {
      thumbing?.abort();
      thumbed = null;
      panelOfLook.picker.resetThumbnails();
      say(status, "welcome");
      return void frame.show(null, null);
    }
    frame.show(photo.shown, null).catch(showError);
    masking.setPicture(photo.shown);
    sayWith(status, () => photo.opened.name);
    changed();
  }

  /** Take another part of a photograph; what was brushed on the last one goes. @param {Photo} photo @param {import("../engine.js").Crop|null} crop */
  async function setCrop(photo, crop) {
    const part = await cropShown(photo.opened.shown, crop);
    Object.assign(photo, { crop, mask: null, shown: part, small: await smallAddress(part, 160) });
    thumbed = null;
    if (shown === photo) show(photo);
  }

  /** @param {Photo} photo */
  async function paintThumbnails(photo) {
    thumbing?.abort();
    thumbed = photo;
    const mine = (thumbing = new AbortController());
    const painted = app.styles.filter(({ kind, thumbnail }) => kind !== "picture" || !thumbnail).map(({ name }) => name); // a picture shows itself
    try {
      await engine.thumbnails(photo.file, photo.crop, painted, (name, address) => { if (!mine.signal.aborted) panelOfLook.picker.setThumbnail(name, address); }, mine.signal);
    } catch (error) {
      if (!isAbort(error)) console.warn(error);
    }
  }

  function request() {
    if (!shown) throw new Error("There is no photograph.");
    return {
      file: shown.file,
      crop: shown.crop,
      mask: shown.mask,
      masked: panelOfLook.masked?.value || "",
      styles: panelOfLook.picker.value,
      options: panelOfLook.options,
      metadata: panelOfLook.metadata,
    };
  }

  /** Something that changes the painting was changed: paint it anew. */
  function changed() {
    turn += 1;
    work?.abort();
    save.disabled = true;
    stage.setAttribute("aria-busy", "true");
    if (!previewing) preview();
    paintFull(turn);
  }

  /** Paint previews until one shows what is chosen now. */
  async function preview() {
    previewing = true;
    try {
      for (let mine = -1; mine !== turn && turn !== resting && shown; ) {
        mine = turn;
        const photo = shown;
        const painting = await engine.paint({
          ...request(), preview: true, progress: (at) => { if (at.key) say(status, at.key, at.values); },
        });
        if (shown !== photo || mine < resting) continue;
        await frame.show(painting.before, painting.after, "preview");
        if (mine === turn) say(status, "previewed", { seconds: painting.seconds });
      }
    } catch (error) {
      showError(error);
      say(status, "");
    } finally {
      previewing = false;
    }
  }

  const paintFull = settled(async (/** @type {number} */ mine) => {
    while (previewing) await new Promise((done) => setTimeout(done, 30));
    if (!shown || mine !== turn) return;
    const photo = shown, asked = request(), started = performance.now();
    work = new AbortController();
    try {
      const painting = await engine.paint({
        ...asked,
        signal: work.signal,
        progress: (at) => { if (mine === turn) tellProgress(at, started); },
      });
      if (mine !== turn) return;
      await finish(photo, painting);
      if (thumbed !== photo) paintThumbnails(photo);
    } catch (error) {
      if (mine !== turn) return;
      showError(error);
      sayWith(status, () => photo.opened.name);
    } finally {
      if (mine === turn || resting === turn) stage.removeAttribute("aria-busy");
    }
  }, FULL_SIZE_DELAY);

  /** Say how far a painting is that takes its time. @param {import("../engine.js").Progress} at @param {number} started */
  function tellProgress(at, started) {
    if (at.key) say(status, at.key, at.values);
    else if (at.waiting) say(status, "waiting", { before: at.waiting });
    else if (at.share && at.share < 1 && performance.now() - started > SLOW) say(status, "painting_share", { percent: Math.round(100 * at.share) });
  }

  /** Show a full result, and keep it to go back to: with the look that is chosen now. @param {Photo} photo @param {Painting} painting */
  async function finish(photo, painting) {
    resting = turn += 1;
    work?.abort();
    const { mask, crop } = photo, look = panelOfLook.look;
    await showPainting(painting);
    keepResult({ photo, look, painting, mask, crop, small: await smallAddress(painting.after, 160) });
  }

  /** @param {Painting} painting */
  async function showPainting(painting) {
    await frame.show(painting.before, painting.after, "full");
    const { name, width, height, seconds, notes } = painting;
    sayWith(status, () => withNotes(word("finished", { name, width, height, seconds }), notes));
    save.disabled = false;
    stage.removeAttribute("aria-busy");
    save.onclick = () => download(painting.blob, painting.name);
  }

  /** @param {Result} result */
  function keepResult(result) {
    results = [result, ...results.filter((other) => JSON.stringify(other.look) !== JSON.stringify(result.look) || other.photo !== result.photo || other.mask !== result.mask || other.crop !== result.crop)].slice(0, MOST_RESULTS);
    drawResults(result);
  }

  /** Go back to a result: nothing is painted anew. @param {Result} result */
  async function goBack(result) {
    resting = turn += 1;
    work?.abort();
    const { photo, mask, crop } = result;
    shown = photo;
    if (photo.crop !== crop) Object.assign(photo, { shown: await cropShown(photo.opened.shown, crop), small: result.small });
    Object.assign(photo, { mask, crop });
    panelOfLook.look = result.look;
    drawPhotos();
    drawResults(result);
    await showPainting(result.painting);
  }

  /** @param {Result} result */
  function drawResults(result) {
    now = result;
    resultsStrip.hidden = results.length < 2;
    resultsStrip.replaceChildren(...results.map((one) => {
      const pressed = make("button", { type: "button", "aria-pressed": String(one === now) }, make("img", { src: one.small, alt: "", width: 72, height: 54 }));
      label(pressed, { "aria-label": () => one.painting.name, title: () => one.painting.name });
      pressed.addEventListener("click", () => goBack(one).catch(showError));
      return pressed;
    }));
  }

  function drawPhotos() {
    photosStrip.hidden = !photos.length;
    const add = make("label", { class: "add", for: "picture-files-input" }, icon("plus"));
    label(add, { title: "add_photos" });
    photosStrip.replaceChildren(...photos.map((photo) => {
      const pressed = make("button", { type: "button", class: "photo", "aria-pressed": String(photo === shown), "data-name": photo.opened.name }, make("img", { src: photo.small, alt: "", width: 72, height: 54 }));
      label(pressed, { "aria-label": () => photo.opened.name, title: () => photo.opened.name });
      pressed.addEventListener("click", () => show(photo));
      const out = make("button", { type: "button", class: "out" }, icon("close"));
      const what = () => `${word("take_file_out")}: ${photo.opened.name}`;
      label(out, { "aria-label": what, title: what });
      out.addEventListener("click", () => {
        photos = photos.filter((other) => other !== photo);
        if (shown === photo) show(photos[0] || null);
        drawPhotos();
      });
      return make("div", { class: "cell" }, pressed, out);
    }), add);
    many.setPhotos(photos.map((photo) => ({ file: photo.file, crop: photo.crop, name: photo.opened.name })));
  }

  /** @param {boolean} on */
  function setBrushing(on) {
    brushing = on;
    stage.classList.toggle("brushing", on);
    maskBar.hidden = !on;
    maskToggle.setAttribute("aria-pressed", String(on));
  }

  cropButton.addEventListener("click", () => (shown ? cropping.open(shown.opened.shown, shown.crop).catch(showError) : complain("no_photo")));
  sideButton.addEventListener("click", () => {
    if (!shown) return complain("no_photo");
    const chosen = panelOfLook.picker.value, names = [...recent(), ...app.styles.map((style) => style.name)];
    const other = names.find((name) => !chosen.some((style) => style.name === name) && app.styles.some((style) => style.name === name));
    const single = chosen.length > 1 ? chosen.map((style) => [{ ...style, weight: 1 }]) : [];
    comparing.open([chosen, ...single, ...(other && !single.length ? [[{ name: other, weight: 1 }]] : [])]);
  });
  refine.addEventListener("click", () => {
    if (!shown) return complain("no_photo");
    const pictures = panelOfLook.picker.value.flatMap(({ name, weight }) => {
      const style = app.styles.find((other) => other.name === name);
      return style?.kind === "bundled" ? [new BundledStyle(name, weight)] : style?.picture ? [style.picture] : [];
    });
    app.open("paint", { file: shown.file, init: "fast", pictures });
  });
  maskToggle.addEventListener("click", () => (shown ? setBrushing(!brushing) : complain("no_photo")));
  panelOfLook.onChange(() => { if (shown) changed(); });
  onDrop(stage, take);
  example.addEventListener("click", async () => {
    try {
      const blob = await (await fetch(EXAMPLE)).blob();
      await take([new File([blob], "harbour.jpg", { type: "image/jpeg" })]);
    } catch (error) {
      showError(error);
    }
  });
  document.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files || [])].filter((file) => file.type.startsWith("image/"));
    if (pasted.length && !panel.hidden) take(pasted);
  });
  document.addEventListener("keydown", (event) => {
    const typing = /** @type {Element} */ (event.target).closest("input:not([type=range]), textarea, dialog");
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || typing || panel.hidden || results.length < 2) return;
    event.preventDefault();
    const at = results.findIndex((result) => result === now);
    goBack(results[(at + 1) % results.length]).catch(showError);
  });
  const look = lookOfAddress();
  if (look) looks.take(look);
  drawPhotos();
  resultsStrip.hidden = true;
}
