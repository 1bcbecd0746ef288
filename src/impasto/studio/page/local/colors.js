// The colours of a result: the style's, or those of the photograph; as impasto/pictures/colors.py.

/**
 * A linear map of colours: `matrix` times (colour - `mean`), plus `target`.
 * @typedef {{matrix: number[][], mean: number[], target: number[]}} Transport
 */

const LUMA = [0.299, 0.587, 0.114]; // Rec. 601

/**
 * The photograph's chroma under the result's luminance.
 * @param {Float32Array} result 3 x N; its memory is used @param {Float32Array} content 3 x N
 */
export function keepChroma(result, content) {
  const n = result.length / 3;
  for (let i = 0; i < n; i++) {
    let change = 0;
    for (let c = 0; c < 3; c++) change += (result[c * n + i] - content[c * n + i]) * LUMA[c];
    for (let c = 0; c < 3; c++) result[c * n + i] = Math.min(1, Math.max(0, content[c * n + i] + change));
  }
  return result;
}

/**
 * Sums over pixels from which means and covariances follow; parts of a picture are added one after the other.
 */
export class ColorSums {
  constructor() {
    this.count = 0;
    this.sum = [0, 0, 0];
    this.products = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
  }

  /** @param {Float32Array} planes 3 x N */
  add(planes) {
    const n = planes.length / 3;
    this.count += n;
    for (let i = 0; i < n; i++) {
      const pixel = [planes[i], planes[n + i], planes[2 * n + i]];
      for (let a = 0; a < 3; a++) {
        this.sum[a] += pixel[a];
        for (let b = a; b < 3; b++) this.products[a][b] += pixel[a] * pixel[b];
      }
    }
  }

  get mean() {
    return this.sum.map((s) => s / this.count);
  }

  /** @returns {number[][]} with a little spread in every direction, as a grey picture has none */
  get covariance() {
    const mean = this.mean;
    return [0, 1, 2].map((a) => [0, 1, 2].map((b) =>
      this.products[Math.min(a, b)][Math.max(a, b)] / this.count - mean[a] * mean[b] + (a === b ? 1e-5 : 0)));
  }
}

/**
 * The map that gives the result the photograph's mean and covariance of colours (Pitie and Kokaram 2007).
 * @param {ColorSums} result @param {ColorSums} content @returns {Transport}
 */
export function colorTransport(result, content) {
  const root = power(result.covariance, 0.5), inverse = power(result.covariance, -0.5);
  const middle = power(product(product(root, content.covariance), root), 0.5);
  return { matrix: product(product(inverse, middle), inverse), mean: result.mean, target: content.mean };
}

/** Map colours. @param {Transport} transport @param {Float32Array} result 3 x N; its memory is used */
export function transported({ matrix, mean, target }, result) {
  const n = result.length / 3;
  for (let i = 0; i < n; i++) {
    const pixel = [0, 1, 2].map((c) => result[c * n + i] - mean[c]);
    for (let c = 0; c < 3; c++) {
      const moved = matrix[c][0] * pixel[0] + matrix[c][1] * pixel[1] + matrix[c][2] * pixel[2] + target[c];
      result[c * n + i] = Math.min(1, Math.max(0, moved));
    }
  }
  return result;
}

/** @param {number[][]} a @param {number[][]} b */
const product = (a, b) => a.map((row) => [0, 1, 2].map((j) => row[0] * b[0][j] + row[1] * b[1][j] + row[2] * b[2][j]));

/**
 * A power of a symmetric matrix, by Jacobi's rotations.
 * @param {number[][]} matrix 3 x 3 @param {number} exponent
 */
function power(matrix, exponent) {
  const a = matrix.map((row, i) => row.map((v, j) => (v + matrix[j][i]) / 2));
  const vectors = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
  for (let sweep = 0; sweep < 30; sweep++) {
    for (const [p, q] of [[0, 1], [0, 2], [1, 2]]) {
      if (Math.abs(a[p][q]) < 1e-300) continue;
      const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
      const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1)), c = 1 / Math.hypot(t, 1), s = t * c;
      for (let k = 0; k < 3; k++) [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
      for (let k = 0; k < 3; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
      for (const row of vectors) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
    }
  }
  const values = [0, 1, 2].map((i) => Math.max(a[i][i], 1e-12) ** exponent); // rounding can make one negative
  return [0, 1, 2].map((i) => [0, 1, 2].map((j) => [0, 1, 2].reduce((sum, k) => sum + vectors[i][k] * values[k] * vectors[j][k], 0)));
}
