// The camera, painted. A picture is painted when the last one is shown, and it is always the camera's newest: nothing
// waits in line, so the delay does not grow however slow the painting is.

import { isAbort, make, wait } from "./dom.js";
import { EngineError } from "./engine.js";
import { button } from "./fields.js";
import { code, label, say, sayWith, sentence, word } from "./texts.js";

/**
 * @param {import("./engine.js").Engine} engine
 * @param {() => {styles: {name: string, weight: number}[], strength: number}} chosen
 */
export function camera(engine, chosen) {
  const video = make("video", { class: "camera", playsinline: true, muted: true });
  const canvas = make("canvas", { class: "painted", role: "img", width: 640, height: 480 });
  const start = button("", "live_start", "primary start"), stop = button("", "live_stop", "stop");
  const snapshot = button("", "live_snapshot", "primary snapshot");
  const mirror = make("input", { type: "checkbox", checked: true, class: "mirror" });
  const devices = make("select", { class: "devices", hidden: true }), rate = make("span", { class: "rate" });
  const note = make("p", { class: "note", role: "status" });
  const element = make("div", { class: "live", id: "live" },
    make("div", { class: "frame" }, canvas, video, start), note,
    make("div", { class: "bar" }, snapshot, stop, make("label", { class: "tick" }, mirror, say(make("span"), "live_mirror")), devices, rate));
  label(devices, { "aria-label": "live_camera" });
  label(canvas, { "aria-label": "live_painted" });
  const insecure = engine.kind === "server" ? "live_insecure" : "live_insecure_page";
  const grab = make("canvas"), session = engine.live();
  /** @type {MediaStream|null} */
  let stream = null;
  let run = 0, fresh = false;
  /** @type {number[]} */
  let times = [];

  function tell(/** @type {string} */ key, bad = false) {
    say(note, key);
    note.classList.toggle("bad", bad);
  }

  function show(/** @type {boolean} */ on) {
    element.classList.toggle("on", on);
    for (const item of [stop, snapshot, mirror, devices]) item.disabled = !on;
    if (!on) rate.textContent = "";
  }

  function watchCamera() {
    const seen = () => { fresh = true; if (stream) video.requestVideoFrameCallback(seen); };
    if ("requestVideoFrameCallback" in video) video.requestVideoFrameCallback(seen);
  }

  async function newest() {
    const patience = performance.now() + 100; // a browser that does not tell of new pictures, or a still camera
    while ("requestVideoFrameCallback" in video && !fresh && performance.now() < patience) await wait(2);
    fresh = false;
    const scale = Math.min(1, session.side / Math.max(video.videoWidth, video.videoHeight));
    grab.width = Math.round(video.videoWidth * scale);
    grab.height = Math.round(video.videoHeight * scale);
    const pen = /** @type {CanvasRenderingContext2D} */ (grab.getContext("2d"));
    pen.setTransform(mirror.checked ? -1 : 1, 0, 0, 1, mirror.checked ? grab.width : 0, 0);
    pen.drawImage(video, 0, 0, grab.width, grab.height);
  }

  async function paint() {
    await newest();
    const sent = performance.now(), { styles, strength } = chosen();
    const { bitmap, size } = await session.paint(grab, styles, strength);
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
    bitmap.close();
    canvas.dataset.frames = String(Number(canvas.dataset.frames || 0) + 1);
    canvas.dataset.styles = styles.map(({ name, weight }) => `${name}:${weight}`).join(" ");
    const now = performance.now();
    times = [...times.filter((time) => now - time < 2000), now];
    const shown = times.length > 1 ? ((times.length - 1) * 1000) / (now - times[0]) : 0;
    rate.textContent = word("live_rate", { rate: shown.toLocaleString(code, { minimumFractionDigits: 1, maximumFractionDigits: 1 }), delay: Math.round(now - sent), size });
  }

  async function keepPainting(/** @type {number} */ mine) {
    while (mine === run && stream) {
      if (document.hidden || !element.offsetParent || !video.videoWidth) { await wait(150); times = []; continue; } // nobody looks
      try {
        await paint();
        if (note.textContent) tell("");
      } catch (error) {
        if (isAbort(error)) return;
        const said = error instanceof EngineError ? error.note : { text: String(error) };
        sayWith(note, () => sentence(said)).classList.add("bad");
        await wait(1000);
      }
    }
  }

  async function open(device = "") {
    if (!window.isSecureContext || !navigator.mediaDevices) return tell(insecure, true);
    close();
    tell("live_asking");
    try {
      /** @type {MediaTrackConstraints} */
      const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
      if (device) wanted.deviceId = { exact: device };
      else wanted.facingMode = "user";
      stream = await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
      video.srcObject = stream;
      await video.play();
    } catch (error) {
      const name = /** @type {any} */ (error).name;
      close();
      return tell(name === "NotAllowedError" ? "live_refused" : ["NotFoundError", "OverconstrainedError"].includes(name) ? "live_none" : "live_taken", true);
    }
    stream.getVideoTracks()[0].addEventListener("ended", close);
    tell("");
    show(true);
    watchCamera();
    const found = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
    const current = stream?.getVideoTracks()[0]?.getSettings().deviceId;
    devices.replaceChildren(...found.map((one, n) => make("option", { value: one.deviceId, selected: one.deviceId === current }, one.label || `${word("live_camera")} ${n + 1}`)));
    devices.hidden = found.length < 2;
    keepPainting(++run);
  }

  function close() {
    run += 1;
    for (const track of stream?.getTracks() || []) track.stop();
    stream = null;
    video.srcObject = null;
    times = [];
    show(false);
  }

  start.addEventListener("click", () => open());
  stop.addEventListener("click", () => { close(); tell(""); start.focus(); });
  devices.addEventListener("change", () => open(devices.value));
  snapshot.addEventListener("click", () => {
    const name = `camera-${chosen().styles.map((style) => style.name).join("+")}-${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-")}.png`;
    canvas.toBlob((blob) => {
      if (!blob) return;
      const address = URL.createObjectURL(blob), link = make("a", { href: address, download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
    }, "image/png");
  });
  show(false);
  if (!window.isSecureContext || !navigator.mediaDevices) tell(insecure, true);
  return { element, close };
}
