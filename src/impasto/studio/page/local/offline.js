// Registers the service worker, which makes the site work without a network and gives it threads.

const PATIENCE = 8000; // ms that the page waits for its service worker
const RELOADED = "impasto-reloaded"; // key of this tab's note that the page was loaded again

/**
 * Have the page under its service worker before anything large is loaded. The first visit is loaded once more for that.
 * @returns {Promise<boolean>} whether the page is about to be loaded again, so that nothing else should be begun
 */
export async function underServiceWorker() {
  const workers = navigator.serviceWorker;
  if (!workers) return false; // not over https and not on this machine: the page paints all the same, with one thread
  try {
    const registration = await workers.register(new URL("../service-worker.js", import.meta.url), { scope: new URL("../", import.meta.url).href });
    const controlled = Boolean(workers.controller), again = sessionStorage.getItem(RELOADED);
    if (controlled && registration?.waiting && again !== "new") { // a newer edition of the site is there
      const changed = new Promise((done) => workers.addEventListener("controllerchange", done, { once: true }));
      registration.waiting.postMessage("activate");
      return (await inTime(changed)) ? reload("new") : false;
    }
    if (controlled || globalThis.crossOriginIsolated) return false;
    if (again || !registration) return false;
    return (await inTime(workers.ready)) ? reload("first") : false;
  } catch {
    return false; // such as in a private window
  }
}

/** Whether something happens before the visitor has waited too long. @param {Promise<any>} something */
const inTime = (something) => Promise.race([something.then(() => true), new Promise((done) => setTimeout(done, PATIENCE, false))]);

/** @param {string} why */
function reload(why) {
  sessionStorage.setItem(RELOADED, why);
  location.reload();
  return true;
}

/**
 * Keep the rest of the site, once the first painting is done.
 * @param {string} engine what people read of the engine
 */
export function keepSite(engine) {
  navigator.serviceWorker?.controller?.postMessage({ keep: engine.startsWith("WebGPU") ? [] : [".jspi."] });
}
