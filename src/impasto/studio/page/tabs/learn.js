// The Learn tab: a style is learnt from paintings while the page shows previews and the loss.

import { icon, make } from "../dom.js";
import { drop } from "../drop.js";
import { button, fold, number, slider, text } from "../fields.js";
import { job } from "../job.js";
import { label, say, sayWith, withNotes, word } from "../texts.js";
import { complain, showError } from "../toasts.js";

const ABOUT = { title: "painting_title", artist: "artist", year: "year", licence: "licence" };
const SPACE = "http://www.w3.org/2000/svg";

/**
 * @param {HTMLElement} panel
 * @param {import("../app.js").App} app
 */
export function build(panel, app) {
  const server = /** @type {import("../server.js").Server} */ (app.engine.server), facts = server.facts.learn;
  const paintings = drop("learn-paintings", "paintings", { accept: "image/*", multiple: true, list: true }, showPaintings);
  const preview = make("div", { id: "learn-preview" }), curve = make("div", { id: "learn-curve", class: "curve" });
  const status = say(make("p", { class: "status", id: "learn-status", role: "status" }), "learn_intro");
  const bar = make("progress", { hidden: true });
  const stage = make("div", { class: "stage" }, make("div", { class: "canvas low" }, make("div", { class: "emptiness" }, paintings.element)), preview, curve, bar, status);
  const name = text("learn-name", "style_name", 80);
  const about = Object.fromEntries(Object.entries(ABOUT).map(([key, wording]) => [key, text(`learn-${key}`, wording, 200)]));
  const scale = slider("learn-style_scale", "style_scale", { low: 0.25, high: 4, step: 0.05, value: facts.style_scale.default, info: "learn_style_scale" });
  const weight = slider("learn-style_weight", "learn_style_weight", { low: 1, high: 60, step: 1, value: facts.style_weight.default });
  const steps = number("learn-steps", "steps_at_most", { value: facts.steps.default, low: 1 }), check = number("learn-check", "check_every", { value: facts.check_every.default, low: 1 });
  const start = button("learn-start", "learn_start", "primary"), stop = button("learn-stop", "stop");
  const save = button("learn-save", "save_style");
  const download = make("a", { class: "button", id: "learn-download", role: "button", "aria-disabled": "true" }, icon("download"), say(make("span"), "download_style"));
  panel.append(stage, make("div", { class: "tools" }, name.element,
    fold("learn-about", "about_painting", ...Object.values(about).map((field) => field.element)),
    make("div", { class: "group" }, scale.element, weight.element), fold("learn-more", "more", steps.element, check.element),
    make("div", { class: "actions" }, start, stop), make("div", { class: "actions" }, save, download)));
  stop.disabled = save.disabled = true;

  const work = job({ status, stop, bar, stopped: "learn_stopped", failed: "learn_intro", changed: setState });
  /** @type {{name: string, file: any, notes: import("../engine.js").Note[]}|null} */
  let learnt = null;

  /** @param {File[]} files */
  function showPaintings(files) {
    stage.classList.toggle("given", files.length > 0);
  }

  function setState() {
    start.disabled = work.running;
    stop.disabled = bar.hidden = !work.running;
    save.disabled = !learnt || work.running;
    download.setAttribute("aria-disabled", String(!learnt));
    if (learnt) { download.href = learnt.file.url; download.download = learnt.file.name; } else download.removeAttribute("href");
  }

  function learn() {
    if (!paintings.files.length) return complain("no_painting");
    learnt = null;
    preview.replaceChildren();
    curve.replaceChildren();
    work.run("learn_beginning", async (options) => {
      let sheet = "";
      const files = await Promise.all(paintings.files.map((file) => server.upload(file, options.signal)));
      const asked = {
        files: files.map((file) => file.id),
        name: name.value,
        about: Object.fromEntries(Object.entries(about).map(([key, field]) => [key, field.value])),
        settings: { style_scale: scale.value, style_weight: weight.value, steps: steps.value, check_every: check.value },
      };
      learnt = await server.run("learn", asked, {
        ...options,
        update: (at) => {
          const last = at.losses.at(-1);
          bar.value = at.step / steps.value;
          say(status, "learn_progress", { step: at.step, seconds: at.seconds, loss: last ? last[1].toFixed(3) : "…" });
          if (at.sheet && at.sheet !== sheet) preview.replaceChildren(make("img", { class: "sheet", src: (sheet = at.sheet), alt: "" }));
          drawCurve(at.losses);
        },
      });
      if (!learnt) return void say(status, "learn_stopped");
      const { name: called, notes } = learnt;
      sayWith(status, () => withNotes(word("learnt", { name: called }), notes));
    });
  }

  /** The losses as a drawing in the colours of the page. @param {[number, number][]} losses  Pairs of step and loss. */
  function drawCurve(losses) {
    if (losses.length < 2) return curve.replaceChildren();
    const width = 640, height = 180, left = 44, top = 24, base = height - 22;
    const values = losses.map(([, loss]) => loss), low = Math.min(...values), high = Math.max(...values), last = losses[losses.length - 1][0];
    const across = (width - left - 8) / last, down = (base - top) / (high - low || 1);
    const draw = (/** @type {string} */ tag, /** @type {Record<string, any>} */ attributes, content = "") => {
      const made = document.createElementNS(SPACE, tag);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
      made.textContent = content;
      return made;
    };
    const drawing = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
    label(drawing, { "aria-label": () => `${word("loss_curve")}: ${values[0].toFixed(3)} … ${values[values.length - 1].toFixed(3)}` });
    drawing.append(
      say(draw("text", { x: left, y: 12 }), "loss_curve"),
      draw("line", { class: "axis", x1: left, y1: base, x2: width, y2: base }),
      draw("line", { class: "axis", x1: left, y1: top, x2: left, y2: base }),
      draw("text", { x: left - 6, y: top + 8, "text-anchor": "end" }, high.toFixed(2)),
      draw("text", { x: left - 6, y: base, "text-anchor": "end" }, low.toFixed(2)),
      draw("text", { x: width - 8, y: height - 6, "text-anchor": "end" }, String(last)),
      draw("polyline", { points: losses.map(([step, loss]) => `${(left + across * step).toFixed(1)},${(top + down * (high - loss)).toFixed(1)}`).join(" ") }),
    );
    curve.replaceChildren(drawing);
  }

  start.addEventListener("click", learn);
  stop.addEventListener("click", () => { stop.disabled = true; });
  save.addEventListener("click", async () => {
    if (!learnt) return;
    try {
      const kept = await server.keepStyle(learnt.file.id, name.value);
      say(status, "saved", { name: kept });
      save.disabled = true;
      await app.reloadStyles();
    } catch (error) {
      showError(error);
    }
  });
}
