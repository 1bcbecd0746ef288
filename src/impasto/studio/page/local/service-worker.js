// Keeps the site for use without a network, and sets the headers without which a browser gives no threads.
//
// `impasto export page` writes this file to the root of the site, behind a line that says what the site consists of:
// `self.SITE = {version: "...", policy: "...", shell: [...], files: [...]};`, addresses from the root. The shell is kept
// at once. Other files are kept as they are asked for, and the rest when the page says so, after its first painting.

/** @typedef {{version: string, policy: string, shell: string[], files: string[]}} Site */

const scope = /** @type {any} */ (globalThis);
const site = /** @type {Site} */ (scope.SITE);
const CACHE = `impasto ${site.version}`, ROOT = new URL(".", scope.location.href).href;
const known = new Set(site.files.map((file) => new URL(file, ROOT).href));
const HEADERS = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": site.policy,
};

scope.addEventListener("install", (/** @type {any} */ event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(site.shell.map((file) => new Request(new URL(file, ROOT), { cache: "no-cache" })))));
});

scope.addEventListener("activate", (/** @type {any} */ event) => {
  const clean = async () => {
    for (const name of await caches.keys()) if (name.startsWith("impasto ") && name !== CACHE) await caches.delete(name);
    await scope.clients.claim();
  };
  event.waitUntil(clean());
});

scope.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data === "activate") scope.skipWaiting();
  if (event.data?.keep) event.waitUntil(keepRest(event.data.keep).then((ok) => event.source?.postMessage({ kept: ok })));
});

scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(ROOT)) return;
  event.respondWith(answer(request));
});

/** A file of the site from the cache, else from the server, with the headers. @param {Request} request */
async function answer(request) {
  const address = new URL(request.url);
  address.search = address.hash = "";
  if (address.href === ROOT) address.pathname += "index.html";
  const cache = await caches.open(CACHE);
  let found = await cache.match(address.href);
  if (!found) {
    found = await fetch(known.has(address.href) ? address.href : request);
    if (found.ok && known.has(address.href)) await cache.put(address.href, found.clone());
  }
  if (found.type === "opaque" || found.status === 0) return found;
  const headers = new Headers(found.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  return new Response(found.body, { status: found.status, statusText: found.statusText, headers });
}

/** Keep all files but those that this browser does not use. @param {string[]} unused parts of their names @returns {Promise<boolean>} */
async function keepRest(unused) {
  const cache = await caches.open(CACHE);
  let complete = true;
  for (const address of known) {
    if (unused.some((part) => address.includes(part)) || (await cache.match(address))) continue;
    const found = await fetch(address).catch(() => null);
    if (found?.ok) await cache.put(address, found);
    else complete = false;
  }
  return complete;
}
