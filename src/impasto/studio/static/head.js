// The visitor's choice of language, before the page looks for the browser's.
(() => {
  const chosen = (document.cookie.match(/(?:^|; )impasto_language=(en|fr)/) || [])[1];
  if (!chosen) return;
  Object.defineProperty(navigator, "language", { get: () => chosen, configurable: true });
  Object.defineProperty(navigator, "languages", { get: () => [chosen], configurable: true });
})();
