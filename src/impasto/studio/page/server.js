// The engine that asks the studio's server.

/** @typedef {object} Server  What only a server does. */

/**
 * What the server says of itself; null where no studio serves the page.
 * @returns {Promise<any>}
 */
export async function ask() {
  try {
    const answer = await fetch("api/info");
    return answer.ok && answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : null;
  } catch {
    return null;
  }
}

/**
 * @param {any} facts  What `ask` gave.
 * @returns {import("./engine.js").Engine}
 */
export function open(facts) {
  throw new Error(`The studio ${facts.version} is not asked yet.`);
}
