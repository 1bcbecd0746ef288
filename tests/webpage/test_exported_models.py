"""Models that ``impasto export`` writes, in onnxruntime-web."""

import base64

import numpy as np

import impasto
from impasto.networks.export_settings import ExportSettings
from impasto.networks.exporting import export, what_of

RUN = """async ([model, picture, height, width]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const folder = new URL("data/onnxruntime/", location);
  const ort = await import(new URL("ort.wasm.min.mjs", folder));
  const packed = await fetch(new URL("ort-wasm-simd-threaded.wasm.gz", folder));
  const plain = packed.body.pipeThrough(new DecompressionStream("gzip"));
  ort.env.wasm.wasmBinary = await new Response(plain).arrayBuffer();
  ort.env.wasm.wasmPaths = { mjs: new URL("ort-wasm-simd-threaded.mjs", folder).href };
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes(model));
  const image = new ort.Tensor("uint8", bytes(picture), [1, height, width, 3]);
  return Array.from((await session.run({ image })).painted.data);
}"""


def test_an_exported_model_paints_in_the_browser_what_impasto_paints(wasm, photo, tmp_path):
    picture = np.asarray(photo.resize((101, 67)))
    export(what_of("scream"), ExportSettings(), tmp_path / "scream.onnx")
    data = [base64.b64encode(raw).decode() for raw in ((tmp_path / "scream.onnx").read_bytes(), picture.tobytes())]
    painted = np.array(wasm.evaluate(RUN, [*data, *picture.shape[:2]]), np.int16).reshape(picture.shape)
    assert np.abs(painted - np.asarray(impasto.stylize(picture, "scream"), np.int16)).max() <= 1
