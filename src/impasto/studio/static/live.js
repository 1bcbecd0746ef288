// The camera, painted. A picture is sent when the answer to the last one is there, and it is always the camera's newest:
// nothing waits in line, so the delay does not grow however slow the painting is.
const root = element.querySelector(".live");
const find = (name) => root.querySelector(`.${name}`);
const word = (key) => { const w = (props.words || {})[key] || {}; return w[(navigator.language || "en").slice(0, 2)] || w.en || key; };
const camera = find("camera"), canvas = find("painted"), note = find("note"), rate = find("rate");
const start = find("start"), stop = find("stop"), snapshot = find("snapshot"), mirror = find("mirror"), devices = find("devices");
const grab = document.createElement("canvas");
const visitor = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
let stream = null, run = 0, fresh = false, times = [];

for (const item of root.querySelectorAll("[data-word]")) item.textContent = word(item.dataset.word);
devices.setAttribute("aria-label", word("live_camera"));
canvas.setAttribute("aria-label", word("live_painted"));

const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const chosen = () => window.impastoLive || { styles: props.styles, strength: 1 };

function say(text, bad) {
  note.textContent = text;
  note.classList.toggle("bad", Boolean(bad));
}

function show(on) {
  root.classList.toggle("on", on);
  for (const item of [stop, snapshot, mirror, devices]) item.disabled = !on;
  if (!on) rate.textContent = "";
}

function watchCamera() {
  const seen = () => { fresh = true; if (stream) camera.requestVideoFrameCallback(seen); };
  if (camera.requestVideoFrameCallback) camera.requestVideoFrameCallback(seen);
}

async function newest() {
  const patience = performance.now() + 100; // a browser that does not tell of new pictures, or a still camera
  while (camera.requestVideoFrameCallback && !fresh && performance.now() < patience) await wait(2);
  fresh = false;
  const scale = Math.min(1, props.largest / Math.max(camera.videoWidth, camera.videoHeight));
  grab.width = Math.round(camera.videoWidth * scale);
  grab.height = Math.round(camera.videoHeight * scale);
  const context = grab.getContext("2d");
  context.setTransform(mirror.checked ? -1 : 1, 0, 0, 1, mirror.checked ? grab.width : 0, 0);
  context.drawImage(camera, 0, 0, grab.width, grab.height);
  return new Promise((done) => grab.toBlob(done, "image/jpeg", 0.85));
}

async function paint() {
  const { styles, strength } = chosen();
  const query = new URLSearchParams({ visitor, styles: JSON.stringify(styles), strength });
  const sent = performance.now();
  const answer = await fetch(`live?${query}`, { method: "POST", body: await newest(), headers: { "Content-Type": "image/jpeg" } });
  if (!answer.ok) {
    const detail = (await answer.json().catch(() => ({}))).detail;
    throw new Error(detail || word("live_lost"));
  }
  const picture = await createImageBitmap(await answer.blob());
  if (canvas.width !== picture.width || canvas.height !== picture.height) { canvas.width = picture.width; canvas.height = picture.height; }
  canvas.getContext("2d").drawImage(picture, 0, 0);
  picture.close();
  canvas.dataset.frames = Number(canvas.dataset.frames || 0) + 1;
  canvas.dataset.styles = styles.join(" ");
  const now = performance.now();
  times = [...times.filter((time) => now - time < 2000), now];
  const shown = times.length > 1 ? ((times.length - 1) * 1000) / (now - times[0]) : 0;
  rate.textContent = word("live_rate").replace("{rate}", shown.toFixed(1)).replace("{delay}", Math.round(now - sent)).replace("{size}", answer.headers.get("x-painted"));
}

async function keepPainting(mine) {
  while (mine === run && stream) {
    if (document.hidden || !root.offsetParent || !camera.videoWidth) { await wait(150); times = []; continue; } // nobody looks
    try {
      await paint();
      if (note.textContent) say("");
    } catch (error) {
      say(error instanceof TypeError ? word("live_lost") : error.message, true);
      await wait(1000);
    }
  }
}

async function open(device) {
  if (!window.isSecureContext || !navigator.mediaDevices) return say(word("live_insecure"), true);
  close();
  say(word("live_asking"));
  try {
    const video = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
    if (device) video.deviceId = { exact: device }; else video.facingMode = "user";
    stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    return say(word({ NotAllowedError: "live_refused", NotFoundError: "live_none", OverconstrainedError: "live_none" }[error.name] || "live_taken"), true);
  }
  camera.srcObject = stream;
  await camera.play();
  stream.getVideoTracks()[0].addEventListener("ended", close);
  const all = (await navigator.mediaDevices.enumerateDevices()).filter((item) => item.kind === "videoinput");
  const current = stream.getVideoTracks()[0].getSettings().deviceId;
  devices.replaceChildren(...all.map((item, n) => new Option(item.label || `${word("live_camera")} ${n + 1}`, item.deviceId, false, item.deviceId === current)));
  devices.hidden = all.length < 2;
  say("");
  show(true);
  watchCamera();
  keepPainting(++run);
}

function close() {
  run += 1;
  for (const track of stream ? stream.getTracks() : []) track.stop();
  stream = camera.srcObject = null;
  times = [];
  show(false);
}

function keep() {
  canvas.toBlob((blob) => {
    const link = document.createElement("a");
    const time = new Date().toISOString().slice(0, 19).replace(/[:T-]/g, "");
    const names = chosen().styles.map((item) => item.replace(/:[\d.]+$/, "")).join("+");
    link.href = URL.createObjectURL(blob);
    link.download = `camera-${names}-${time}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }, "image/png");
}

start.addEventListener("click", () => open(""));
stop.addEventListener("click", () => { close(); start.focus(); });
snapshot.addEventListener("click", keep);
devices.addEventListener("change", () => open(devices.value));
show(false);
if (!window.isSecureContext) say(word("live_insecure"), true);
