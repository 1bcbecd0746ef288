// The Video tab: a part of a video is repainted, with its sound.

import { compareVideos } from "../compare.js";
import { chooser } from "../chooser.js";
import { icon, make } from "../dom.js";
import { drop } from "../drop.js";
import { button, choice, list, number, slider } from "../fields.js";
import { job } from "../job.js";
import { firstStyle } from "../look.js";
import { styleTexts } from "../server.js";
import { hasWord, label, say, sayWith, withNotes, word } from "../texts.js";
import { showError } from "../toasts.js";

const SIZES = [320, 480, 640, 960, 1280]; // pixels: longer sides to choose from

/**
 * @param {HTMLElement} panel
 * @param {import("../app.js").App} app
 */
export function build(panel, app) {
  const server = /** @type {import("../server.js").Server} */ (app.engine.server), facts = server.facts;
  const players = compareVideos("video");
  const play = button("video-play", "video_play", "tool", icon("play"));
  const upload = drop("video-upload", "video_drop", { accept: "video/*,image/gif,image/webp,image/apng,image/png,image/avif,.mkv,.avi,.ogv" }, (given) => take(given[0]));
  const other = make("label", { class: "button tool", for: "video-upload-input" }, icon("plus"), say(make("span"), "video_other"));
  const status = say(make("p", { class: "status", id: "video-status", role: "status" }), "video_welcome");
  const bar = make("progress", { hidden: true }), progress = make("div", { id: "video-progress" }, bar);
  const preview = button("video-preview", "video_preview"), render = button("video-render", "video_render", "primary", icon("brush"));
  const cancel = button("video-cancel", "stop", "stop");
  const save = make("a", { class: "button primary", id: "video-download" }, icon("download"), say(make("span"), "download"));
  label(bar, { "aria-label": "video_progress" });
  const stage = make("div", { class: "stage" }, make("div", { class: "canvas" }, make("div", { class: "emptiness" }, upload.element), players.element), progress,
    make("div", { class: "actions" }, make("div", { class: "toolbar" }, play, other), status,
      make("div", { class: "ends" }, preview, cancel, render, save)));

  const picker = chooser("video-styles", app.styles, firstStyle(app.styles), () => {});
  app.onStyles(() => picker.setStyles(app.styles));
  const strength = slider("video-strength", "strength", { low: 0, high: 1, step: 0.05, value: facts.options.strength.default });
  const start = number("video-start", "video_start", { value: 0, low: 0, step: 0.1 }), end = number("video-end", "video_end", { value: 0, low: 0, step: 0.1 });
  const size = list("video-size", "video_size", [...SIZES.map((side) => /** @type {[string, () => string]} */ ([String(side), () => String(side)])), ["0", () => word("video_original")]], String(facts.video.size));
  const stabilize = choice("video-stabilize", "video_stabilize", facts.video.stabilize.map((/** @type {string} */ name) => [name, `video_${name}`]).filter((/** @type {string[]} */ pair) => hasWord(pair[1])), "light");
  panel.append(stage, make("div", { class: "tools" }, picker.element,
    make("div", { class: "group" }, strength.element, make("div", { class: "pair" }, start.element, end.element), size.element, stabilize.element)));

  /** @type {import("../server.js").Uploaded|null} */
  let clip = null;
  /** @type {File|null} */
  let file = null;
  const work = job({ status, stop: cancel, bar, changed: showButtons });
  /** @type {string|null} */
  let painted = null;

  function showButtons() {
    const ready = Boolean(clip) && !work.running;
    for (const item of [preview, render]) item.hidden = !ready;
    cancel.hidden = bar.hidden = !work.running;
    save.hidden = !save.href || work.running;
    other.hidden = !clip || work.running;
    play.hidden = !clip || (!painted && !clip.plays);
  }

  /** @param {File} given */
  async function take(given) {
    try {
      const sent = await server.upload(given, undefined, "video"), { name, width, height, seconds = 0, rate = 0 } = sent;
      file = given;
      clip = sent;
      painted = null;
      save.removeAttribute("href");
      stage.classList.add("filled");
      start.value = 0;
      end.value = Math.min(Math.ceil(Number((10 * seconds).toFixed(3))) / 10, facts.limits.video); // rounded up: the last frames are in it
      players.show(sent.plays ? sent.url : null, null);
      say(status, "video_opened", { name, width, height, seconds, rate });
    } catch (error) {
      showError(error);
    }
    showButtons();
  }

  /** @param {boolean} whole */
  function paint(whole) {
    if (!file || !clip) return;
    const { id, plays, url } = clip, from = start.value;
    const asked = { file: id, styles: styleTexts(picker.value), strength: strength.value, start: from, end: end.value, size: Number(size.value), stabilize: stabilize.value, preview: !whole };
    work.run("video_waiting", async ({ signal, waiting }) => {
      let begun = false;
      const done = await server.run("video", asked, {
        signal,
        started: () => { setTimeout(() => { if (!begun) say(status, "video_first"); }, 150); },
        waiting: (before) => { begun = true; waiting(before); },
        update: (at) => { begun = true; showProgress(at); },
      }).finally(() => { begun = true; });
      if (!done) return;
      painted = done.file.url;
      const text = whole ? "video_finished" : "video_previewed";
      const values = { name: done.file.name, frames: done.frames, seconds: done.seconds, rate: done.frames / done.seconds, start: from };
      sayWith(status, () => withNotes(word(text, values), done.notes, done.damaged ? word("video_damaged", { count: done.damaged }) : "", done.truncated ? word("video_truncated", { frames: done.frames }) : ""));
      if (whole) { save.href = done.file.url; save.download = done.file.name; }
      players.show(plays ? `${url}#t=${from}` : null, painted);
      offset = from;
    });
  }

  /** @param {{done: number, count: number, rate: number, left: number|null}} at */
  function showProgress({ done, count, rate, left }) {
    if (count) { bar.max = count; bar.value = done; }
    if (count && done >= count) return void say(status, "video_joining");
    const time = left === null ? "" : `${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, "0")}`;
    sayWith(status, () => word("video_painting", { done, count: count || "?", rate }) + (time ? word("time_left", { left: time }) : ""));
  }

  // Both videos play together; the original from where the painted part begins.
  const [before, after] = /** @type {[HTMLVideoElement, HTMLVideoElement]} */ ([...players.element.querySelectorAll("video")]);
  let offset = 0;
  const leading = () => (painted ? after : before);
  play.addEventListener("click", async () => {
    const video = leading();
    if (!video.paused) { before.pause(); return after.pause(); }
    try {
      if (painted && before.getAttribute("src")) { before.currentTime = offset + after.currentTime; before.play().catch(() => {}); }
      await video.play();
    } catch (error) {
      showError(error);
    }
  });
  for (const video of [before, after]) {
    for (const kind of ["play", "pause", "ended"]) {
      video.addEventListener(kind, () => {
        const paused = leading().paused;
        play.classList.toggle("playing", !paused);
        say(/** @type {HTMLElement} */ (play.querySelector("span")), paused ? "video_play" : "video_pause");
        if (kind === "ended" && video === leading()) before.pause();
      });
    }
  }
  after.addEventListener("timeupdate", () => {
    if (painted && before.getAttribute("src") && Math.abs(before.currentTime - offset - after.currentTime) > 0.15) before.currentTime = offset + after.currentTime;
  });

  preview.addEventListener("click", () => paint(false));
  render.addEventListener("click", () => paint(true));
  showButtons();
}
