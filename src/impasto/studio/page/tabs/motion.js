// The Motion tab: a movement takes the style of another one; stick figures show both.

import { icon, make, showBlob } from "../dom.js";
import { drop } from "../drop.js";
import { button, fold, slider } from "../fields.js";
import { figures, shownSeconds } from "../figure.js";
import { job } from "../job.js";
import { styleList } from "../stylelist.js";
import { label, say, sayWith, withNotes, word } from "../texts.js";
import { complain, showError } from "../toasts.js";

/** Figures in the order in which they are shown, and the text under each. @type {[string, string][]} */
const ORDER = [["content", "motion_content"], ["style", "motion_style_shown"], ["result", "motion_result"]];

/**
 * @param {HTMLElement} panel
 * @param {import("../app.js").App} app
 */
export function build(panel, app) {
  const server = /** @type {import("../server.js").Server} */ (app.engine.server);
  const view = figures();
  const upload = drop("motion-content", "motion_drop", { accept: ".bvh", drawing: "figure" }, (given) => take(given[0]));
  const other = make("label", { class: "button tool", for: "motion-content-input" }, icon("plus"), say(make("span"), "motion_other"));
  const play = button("motion-play", "video_play", "tool", icon("play"));
  const moment = make("input", { type: "range", class: "moment", id: "motion-time", min: 0, max: 1, step: 0.01, value: 0 });
  label(moment, { "aria-label": "motion_time" });
  const status = say(make("p", { class: "status", id: "motion-status", role: "status" }), "motion_welcome");
  const start = button("motion-start", "motion_start", "primary", icon("figure")), cancel = button("motion-cancel", "stop", "stop");
  const save = make("a", { class: "button primary", id: "motion-download" }, icon("download"), say(make("span"), "download"));
  const player = make("div", { class: "actions", hidden: true }, play, moment, other);
  const stage = make("div", { class: "stage" },
    make("div", { class: "canvas" }, make("div", { class: "emptiness" }, upload.element), view.element), player,
    make("div", { class: "actions" }, status, cancel, start, save));

  const style = styleList("motion-style", "motion_style", "motion", { accept: ".bvh", drawing: "figure" }, server);
  const music = drop("motion-music", "motion_music", { accept: "audio/*,video/*,.flac,.opus,.mkv,.m4a", list: true, drawing: "sound" }, () => {});
  const dance = make("div", { class: "group", hidden: !app.engine.capabilities.tabs.includes("sound") }, music.element, say(make("p", { class: "hint" }), "motion_music_hint"));
  const track = make("audio", { id: "motion-track" });
  const neutral = drop("motion-neutral", "motion_neutral", { accept: ".bvh", list: true, drawing: "figure" }, () => {});
  const strength = slider("motion-strength", "strength", { low: 0, high: 2, step: 0.05, value: 1, info: "motion_strength" });
  stage.append(track);
  panel.append(stage, make("div", { class: "tools" }, style.element, make("div", { class: "group" }, strength.element), dance,
    fold("motion-more", "more", neutral.element, say(make("p", { class: "hint" }), "motion_neutral_hint"))));

  /** @type {File|null} */
  let file = null;
  const work = job({ status, stop: cancel, changed: showButtons });
  let playing = false, begun = 0, lasts = 1;

  function showButtons() {
    start.hidden = !file || work.running;
    cancel.hidden = !work.running;
    save.hidden = !save.href || work.running;
  }

  /** @param {number} seconds */
  function seek(seconds) {
    moment.value = String(seconds);
    moment.style.setProperty("--share", String(seconds / lasts));
    view.at(seconds);
  }

  /** Play the music of the result from a moment on, if there is some and somebody looks. @param {number} seconds */
  function playTrack(seconds) {
    track.pause();
    if (!playing || !track.src) return;
    track.currentTime = seconds;
    track.play().catch(() => {}); // a browser that allows no sound yet shows the figures alone
  }

  /** @param {boolean} wanted */
  function setPlaying(wanted) {
    if (wanted && !playing) requestAnimationFrame(step);
    playing = wanted;
    playTrack(Number(moment.value));
    begun = performance.now() - 1000 * Number(moment.value);
    play.classList.toggle("playing", playing);
    say(/** @type {HTMLElement} */ (play.querySelector("span")), playing ? "video_pause" : "video_play");
  }

  function step() {
    if (!playing) return;
    if (stage.offsetParent) { // somebody looks
      const seconds = ((performance.now() - begun) / 1000) % lasts;
      if (seconds < Number(moment.value) || track.paused) playTrack(seconds);
      seek(seconds);
    } else track.pause();
    requestAnimationFrame(step);
  }

  /** @param {Record<string, import("../figure.js").Figure>} found */
  function show(found) {
    view.show(ORDER.filter(([name]) => found[name]).map(([name, text]) => [text, found[name]]));
    lasts = shownSeconds(found.content);
    moment.max = String(lasts);
    stage.classList.add("filled");
    player.hidden = false;
    setPlaying(false);
    seek(0);
    setPlaying(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  }

  /** @param {import("../figure.js").Figure} content */
  const partShown = (content) => (content.seconds > lasts + 1 ? word("motion_part_shown", { seconds: lasts }) : "");

  /** @param {File} given */
  async function take(given) {
    try {
      const sent = await server.upload(given, undefined, "motion");
      const done = await server.run("motion", { file: sent.id });
      if (!done) return;
      file = given;
      save.removeAttribute("href");
      showBlob(/** @type {any} */ (track), null);
      show(done.figures);
      const { content } = done.figures;
      sayWith(status, () => withNotes(word("motion_opened", { name: sent.name, seconds: content.seconds }), done.notes, partShown(content)));
    } catch (error) {
      showError(error);
    }
    showButtons();
  }

  function restyle() {
    if (!file) return;
    if (style.empty && !music.files.length) return complain("motion_no_style");
    const [song] = music.files;
    /** @type {[File, import("../server.js").Wanted][]} */
    const given = [[file, "motion"], ...style.files.map((one) => /** @type {[File, "motion_style"]} */ ([one, "motion_style"]))];
    if (neutral.files[0]) given.push([neutral.files[0], "motion_style"]);
    if (song) given.push([song, "sound"]);
    work.run("motion_working", async (options) => {
      const done = await server.withUploads(given, options.signal, ([content, ...sent]) => {
        const asked = {
          file: content.id, strength: strength.value, music: song ? sent.pop()?.id : null, neutral: neutral.files[0] ? sent.pop()?.id : null, styles: style.asked(sent),
        };
        return server.run("motion", asked, options);
      });
      if (!done) return;
      showBlob(/** @type {any} */ (track), song ?? null);
      show(done.figures);
      const { before, after } = done.hits, onBeat = () => (song && after !== null ? word("motion_on_beat", { before: Math.round(100 * before), after: Math.round(100 * after) }) : "");
      sayWith(status, () => withNotes([`**${done.file.name}**`, onBeat()].filter(Boolean).join("\n\n"), done.notes, partShown(done.figures.content)));
      save.href = done.file.url;
      save.download = done.file.name;
    });
  }

  play.addEventListener("click", () => setPlaying(!playing));
  moment.addEventListener("input", () => { setPlaying(false); seek(Number(moment.value)); });
  start.addEventListener("click", restyle);
  showButtons();
}
