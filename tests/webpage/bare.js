// The engine that paints in the browser, without the page; and how long its thread had to wait.
import { open } from "./local/engine.js";

const encoded = (bytes) => new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.split(",")[1]);
  reader.readAsDataURL(new Blob([bytes]));
});
const decoded = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

window.longestWait = 0;
let before = performance.now();
setInterval(() => {
  window.longestWait = Math.max(window.longestWait, performance.now() - before);
  before = performance.now();
}, 5);

window.paint = async ({ data, name, mask, ...request }) => {
  const shares = [];
  const made = await engine.paint({
    ...request, file: new File([decoded(data)], name), mask: mask ? new Blob([decoded(mask)]) : null,
    progress: ({ share }) => shares.push(share),
  });
  return { name: made.name, data: await encoded(made.blob), notes: made.notes, shares };
};
window.refusal = (promise) => promise.then(() => null, (error) => error.message);
window.kept = new Promise((done) => navigator.serviceWorker?.addEventListener("message", ({ data }) => done(data.kept)));
window.fileOf = (text, name) => new File([decoded(text)], name);
const atOnce = Number(new URLSearchParams(location.search).get("at-once"));
window.engine = await open(atOnce ? { atOnce } : {});
