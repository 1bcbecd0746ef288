// Runs the transformer network in onnxruntime-web: with WebGPU where there is a real one, else with WebAssembly.

import { LocalError } from "./errors.js";

/**
 * @typedef {{id: string, channels: number, radius: number}} NetworkFacts  Its id, the numbers of each of a style's vectors,
 *   and the pixels on each side that a painted pixel depends on.
 * @typedef {import("./composition.js").Statistics} Statistics
 * @typedef {import("./composition.js").Style} Style
 * @typedef {"webgpu" | "wasm"} Provider
 * @typedef {{name: string, file: string, loader: string, binary: string}} Build
 * @typedef {{library: any, session: any}} Session  onnxruntime-web, and a model that runs in it.
 */

const MAX_THREADS = 8; // more do not make this small a network faster
/** @type {Record<Provider, Build>} */
const BUILDS = {
  webgpu: {
    name: "WebGPU", file: "ort.jspi.min.mjs",
    loader: "ort-wasm-simd-threaded.jspi.mjs", binary: "ort-wasm-simd-threaded.jspi.wasm.gz",
  },
  wasm: {
    name: "WebAssembly", file: "ort.wasm.min.mjs",
    loader: "ort-wasm-simd-threaded.mjs", binary: "ort-wasm-simd-threaded.wasm.gz",
  },
};

/**
 * Which provider this browser has: WebGPU with an adapter that is no software, and WebAssembly that can wait for it.
 * @param {string} wanted "webgpu" or "wasm" takes that one; "" chooses
 * @returns {Promise<Provider>}
 */
export async function chooseProvider(wanted) {
  if (wanted === "webgpu" || wanted === "wasm") return wanted;
  const gpu = /** @type {any} */ (navigator).gpu;
  if (!gpu || !("Suspending" in WebAssembly)) return "wasm";
  const adapter = await gpu.requestAdapter().catch(() => null);
  return adapter && !(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter) ? "webgpu" : "wasm";
}

/** onnxruntime-web, loaded once, and the networks that run in it. */
export class Runtime {
  /**
   * @param {string} base address of the site's data, with a slash at its end @param {NetworkFacts} facts of its networks
   * @param {Provider} provider
   * @param {(received: number) => void} received called with the bytes that were downloaded, again and again
   */
  constructor(base, facts, provider, received) {
    this.base = base;
    this.facts = facts;
    this.provider = provider;
    this.received = received;
    this.threads = globalThis.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, MAX_THREADS) : 1;
    /** @type {Promise<any> | null} */
    this.library = null;
    /** @type {Map<string, Promise<Session>>} */
    this.sessions = new Map();
  }

  /** What people read of it. */
  get name() {
    const { name } = BUILDS[this.provider];
    return this.provider === "wasm" ? `${name}, ${this.threads} ${this.threads === 1 ? "thread" : "threads"}` : name;
  }

  /** onnxruntime-web. */
  load() {
    this.library ??= this.loaded();
    this.library.catch(() => (this.library = null));
    return this.library;
  }

  async loaded() {
    const build = BUILDS[this.provider], folder = `${this.base}onnxruntime/`;
    const [library, binary] = await Promise.all([
      import(`${folder}${build.file}`), fetchUnpacked(`${folder}${build.binary}`, this.received),
    ]);
    library.env.wasm.wasmBinary = binary;
    library.env.wasm.wasmPaths = { mjs: new URL(`${folder}${build.loader}`, location.href).href };
    library.env.wasm.numThreads = this.threads;
    library.env.logLevel = "error";
    return library;
  }

  /**
   * A network that paints.
   * @param {string} file its name: "network.onnx" or "steady.onnx"
   */
  async network(file) {
    const { library, session } = await this.session(file);
    return new OnnxNetwork(this.facts, library, session);
  }

  /**
   * A model of the site's data, loaded once.
   * @param {string} file its name @param {string[]} [weights] names of the files in which its weights lie, if not in its own
   * @param {Provider} [provider] that runs it
   * @returns {Promise<Session>}
   */
  session(file, weights = [], provider = this.provider) {
    let session = this.sessions.get(file);
    if (!session) {
      const fetched = [file, ...weights].map((name) => fetchUnpacked(`${this.base}${name}.gz`, this.received));
      session = Promise.all([this.load(), ...fetched]).then(async ([library, model, ...data]) => {
        const externalData = weights.map((path, n) => ({ path, data: new Uint8Array(data[n]) }));
        const options = { executionProviders: [provider], externalData, enableMemPattern: false, logSeverityLevel: 3 };
        return { library, session: await library.InferenceSession.create(new Uint8Array(model), options) };
      });
      session.catch(() => this.sessions.delete(file));
      this.sessions.set(file, session);
    }
    return session;
  }
}

/** A network; see `Network` in composition.js. */
export class OnnxNetwork {
  /** @param {NetworkFacts} facts @param {any} library onnxruntime-web @param {any} session */
  constructor(facts, library, session) {
    this.radius = facts.radius;
    this.channels = facts.channels;
    this.library = library;
    this.session = session;
    this.nothing = new Float32Array(facts.channels);
  }

  /**
   * Paint 4 x H x W to 3 x H x W.
   * @param {Float32Array} planes @param {number} height @param {number} width multiples of 8 @param {Style} style
   * @param {Statistics | null} given @param {number} share of the measured statistics in what is used, with `given`
   */
  async run(planes, height, width, style, given, share) {
    const { Tensor } = this.library, vector = (/** @type {Float32Array} */ v) => new Tensor("float32", v, [this.channels]);
    const outputs = await this.session.run({
      image: new Tensor("float32", planes, [1, 4, height, width]),
      scale: vector(style.scale),
      shift: vector(style.shift),
      given_mean: vector(given?.mean ?? this.nothing),
      given_variance: vector(given?.variance ?? this.nothing),
      measured_share: new Tensor("float32", Float32Array.of(given ? share : 1), [1]),
    });
    const read = (/** @type {string} */ name) => /** @type {Float32Array} */ (outputs[name].data);
    const result = { painted: read("painted"), mean: read("mean"), variance: read("variance") };
    if (![result.painted, result.mean, result.variance].every((values) => Number.isFinite(values.reduce((a, b) => a + b, 0)))) {
      throw new LocalError("local_not_finite", { style: style.name });
    }
    return result;
  }
}

/**
 * Fetch a file, and unpack it if it is packed with gzip; some servers unpack such files on the way.
 * @param {string} address @param {(received: number) => void} [received] called with bytes of the network
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetchUnpacked(address, received = () => {}) {
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok || !answer.body) throw new LocalError("local_fetch", { name: address.split("/").pop() ?? address });
  const counted = new TransformStream({
    transform(chunk, controller) {
      received(chunk.byteLength);
      controller.enqueue(chunk);
    },
  });
  const content = await new Response(answer.body.pipeThrough(counted)).arrayBuffer(), start = new Uint8Array(content, 0, 2);
  if (start[0] !== 0x1f || start[1] !== 0x8b) return content;
  return new Response(new Blob([content]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}
