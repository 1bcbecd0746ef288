// The Paint tab: one picture is optimised while the page shows its steps, any of which can be the result.

import { compare } from "../compare.js";
import { icon, make, settled } from "../dom.js";
import { BundledStyle, drop } from "../drop.js";
import { button, fold, list, number, slider } from "../fields.js";
import { blobOf } from "../server.js";
import { hasWord, label, say, sayWith, withNotes, word } from "../texts.js";
import { complain, showError } from "../toasts.js";

const WORDS = ["colors", "init"]; // options whose choices have texts; those of the others are names of the field

/**
 * @param {HTMLElement} panel
 * @param {import("../app.js").App} app
 */
export function build(panel, app) {
  const server = /** @type {import("../server.js").Server} */ (app.engine.server), facts = server.facts.paint;
  const frame = compare("paint-compare");
  /** @type {File|null} */
  let photo = null;
  /** @type {(() => Promise<void>)|null} */
  let stopRunning = null;
  let running = false;

  const files = drop("paint-photo", "paint_photo", { accept: "image/*,.tif,.tiff,.heic,.heif,.avif,.ppm" }, (given) => setPhoto(given[0]));
  const paintings = drop("paint-styles", "paint_styles", { accept: "image/*", multiple: true, list: true }, () => estimate());
  const status = say(make("p", { class: "status", id: "paint-status", role: "status" }), "paint_intro");
  const bar = make("progress", { max: 1, hidden: true });
  const save = make("a", { class: "button primary", id: "paint-download", role: "button", "aria-disabled": "true" }, icon("download"), say(make("span"), "download"));
  const steps = make("div", { class: "strip steps", id: "paint-steps", role: "group", hidden: true });
  label(steps, { "aria-label": "steps" });
  const stage = make("div", { class: "stage" }, make("div", { class: "canvas" }, make("div", { class: "emptiness" }, files.element), frame.element), bar,
    make("div", { class: "actions" }, status, save), say(make("p", { class: "hint", hidden: true }), "steps"), steps);

  /** @type {Record<string, any>} */
  const fields = {
    size: slider("paint-size", "paint_size", { low: 128, high: 2048, step: 32, value: facts.size.default }),
    iterations: slider("paint-iterations", "iterations", { low: 1, high: 300, step: 1, value: facts.iterations.default }),
    style_weight: slider("paint-style_weight", "style_weight", { low: 1, high: 200, step: 1, value: facts.style_weight.default }),
    style_scale: slider("paint-style_scale", "style_scale", { low: 0.25, high: 4, step: 0.05, value: facts.style_scale.default, info: "paint_style_scale" }),
    colors: named("colors"),
    init: named("init"),
    content_weight: number("paint-content_weight", "content_weight", { value: facts.content_weight.default, low: 0, step: "any" }),
    tv_weight: number("paint-tv_weight", "tv_weight", { value: facts.tv_weight.default, low: 0, step: "any" }),
    style_loss: named("style_loss"),
    coarse_style_loss: named("coarse_style_loss"),
    optimizer: named("optimizer"),
    scales: number("paint-scales", "scales", { value: facts.scales.default, low: 0, high: 16 }),
    seed: number("paint-seed", "seed", { value: facts.seed.default }),
  };
  const names = Object.keys(fields), main = ["size", "iterations", "style_weight", "style_scale", "colors", "init"];
  const cost = make("p", { class: "status", id: "paint-estimate", role: "status" });
  const start = button("paint-start", "paint_start", "primary", icon("brush")), stop = button("paint-stop", "stop_keep");
  stop.disabled = true;
  panel.append(stage, make("div", { class: "tools" }, paintings.element,
    make("div", { class: "group" }, ...main.map((name) => fields[name].element)),
    fold("paint-more", "more", ...names.filter((name) => !main.includes(name)).map((name) => fields[name].element)),
    cost, make("div", { class: "actions" }, start, stop)));

  /** A list of the choices of an option. @param {string} name */
  function named(name) {
    const text = (/** @type {string} */ value) => `${name}_${value.replaceAll("-", "_")}`;
    const choices = facts[name].choices.map((/** @type {string} */ value) => [value, () => (WORDS.includes(name) && hasWord(text(value)) ? word(text(value)) : value)]);
    return list(`paint-${name}`, name, choices, facts[name].default);
  }

  /** @param {File} file */
  async function setPhoto(file) {
    try {
      const opened = await app.engine.open(file);
      photo = file;
      stage.classList.add("filled");
      await frame.show(opened.shown, null);
      estimate();
    } catch (error) {
      showError(error);
    }
  }

  /** A start by the fast path needs fewer iterations; a number that somebody chose stays. */
  function followStart() {
    const { default: many, fast } = facts.iterations;
    if ([many, fast].includes(fields.iterations.value)) fields.iterations.value = fields.init.value === "fast" ? fast : many;
  }

  const options = () => Object.fromEntries(names.map((name) => [name, fields[name].value]));

  /** What a job is asked: the files are sent first. @param {AbortSignal} [signal] */
  async function request(signal) {
    const send = async (/** @type {File} */ file) => (file instanceof BundledStyle ? file.style : (await server.upload(file, signal)).id);
    const [file, ...styles] = await Promise.all([/** @type {File} */ (photo), ...paintings.files].map(send));
    return { file, styles, options: options() };
  }

  const estimate = settled(async () => {
    if (!photo || !paintings.files.length || running) return void say(cost, "");
    try {
      const { width, height, seconds, bytes } = await server.run("estimate", await request());
      sayWith(cost, () => word("estimate", { time: duration(seconds), width, height, gigabytes: bytes / 2 ** 30 }));
    } catch (error) {
      say(cost, "");
      showError(error);
    }
  }, 300);

  /** @param {number} seconds */
  function duration(seconds) {
    const all = Math.round(seconds), minutes = Math.floor(all / 60);
    return minutes ? word("minutes", { minutes, seconds: all % 60 }) : word("seconds", { seconds: all });
  }

  function setRunning(/** @type {boolean} */ on) {
    running = on;
    start.disabled = on;
    stop.disabled = !on;
    bar.hidden = !on;
    if (on) bar.removeAttribute("value");
  }

  async function paint() {
    if (!photo) return complain("no_photo");
    if (!paintings.files.length) return complain("no_paint_style");
    const shown = await app.engine.open(photo);
    setRunning(true);
    offer(null);
    steps.hidden = true;
    say(status, "paint_beginning");
    try {
      const done = await server.run("paint", await request(), {
        started: (end) => { stopRunning = end; },
        waiting: (before) => { say(status, "waiting", { before }); },
        update: async (at) => {
          bar.value = at.iteration / at.iterations;
          sayWith(status, () => word("paint_progress", { n: at.iteration, count: at.iterations, width: at.width, height: at.height, loss: at.loss }) + (at.left === null ? "" : word("time_left", { left: duration(at.left) })));
          if (running) await frame.show(shown.shown, at.after, "running").catch(() => {});
        },
      });
      if (!done) return void say(status, "paint_intro");
      const last = done.steps.at(-1);
      drawSteps(done, last);
      await frame.show(await blobOf(done.before), done.after, "full");
      offer(last.file);
      sayWith(status, () => withNotes(word(done.interrupted ? "paint_stopped" : "paint_done", { name: last.file.name, n: last.iteration }), done.notes));
    } catch (error) {
      showError(error);
      say(status, "paint_intro");
    } finally {
      setRunning(false);
    }
  }

  /** @param {any} done @param {any} now */
  function drawSteps(done, now) {
    steps.hidden = false;
    steps.previousElementSibling?.removeAttribute("hidden");
    steps.replaceChildren(...done.steps.map((/** @type {any} */ step) => {
      const pressed = make("button", { type: "button", "aria-pressed": String(step === now) }, make("img", { src: step.small, alt: "" }), say(make("span"), "step", { n: step.iteration }));
      pressed.addEventListener("click", async () => {
        try {
          await frame.show(await blobOf(done.before), step === done.steps.at(-1) ? done.after : `${step.file.url}/shown.jpg`, "step");
          for (const other of steps.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === pressed));
          offer(step.file);
          say(status, "step_taken", { n: step.iteration, name: step.file.name });
        } catch (error) {
          showError(error);
        }
      });
      return pressed;
    }));
  }

  /** Offer a file as a download. @param {{url: string, name: string}|null} file */
  function offer(file) {
    save.setAttribute("aria-disabled", String(!file));
    if (file) { save.href = file.url; save.download = file.name; } else save.removeAttribute("href");
  }

  fields.init.onInput(followStart);
  for (const field of Object.values(fields)) field.onInput(estimate);
  start.addEventListener("click", () => paint().catch(showError));
  stop.addEventListener("click", () => { stop.disabled = true; stopRunning?.().catch(showError); });
  return (/** @type {{file: File, init: string, pictures: File[]}} */ { file, init, pictures }) => {
    if (running) return;
    fields.init.value = init;
    followStart();
    if (pictures.length) paintings.files = pictures;
    say(status, paintings.files.length ? "refine_ready" : "refine_intro");
    setPhoto(file);
  };
}
