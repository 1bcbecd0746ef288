// The visitor's choice of language, before the page looks for the browser's. LANGUAGES is filled in by head.py.
(() => {
  const chosen = (document.cookie.match(/(?:^|; )impasto_language=(LANGUAGES)(?:;|$)/) || [])[1];
  if (!chosen) return;
  Object.defineProperty(navigator, "language", { get: () => chosen, configurable: true });
  Object.defineProperty(navigator, "languages", { get: () => [chosen], configurable: true });
})();
