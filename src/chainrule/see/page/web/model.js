// What the page plays with: a function with its names, value and gradient, from Python or typed here.

import { D, gradient as emittedGradient, predict, value as emittedValue } from "./emitted.js";
import { asText } from "./formula.js";
import { evaluator, Graph, order, planted } from "./graph.js";
import { parse } from "./parse.js";

/** @typedef {number[]} Point */
/** @typedef {{names: string[], text: string, value: (x: Point) => number, gradient: (x: Point) => Point, graph: Graph,
 *   root: import("./graph.js").Node | null, parts: number, original: boolean, data: Data | null, letter: string}} Model
 *   with the letter of its value */
/** @typedef {{size: number, count: number, numbers: number[], predict: (x: Point, u: number[]) => number}} Data what a loss is over: points
 * of one or two coordinates, one after the other in `numbers`, and after them what is wanted there; and what the model says of one */

const WRITTEN = 100; // nodes up to which a function is also shown as text
const LONG = 200; // characters

/** The function that Python put into the page. @param {any} data @returns {Model} */
export function fromPython(data) {
  const graph = new Graph(data.rules);
  const root = data.graph && planted(graph, data.graph);
  const written = data.text ?? (root && data.parts <= WRITTEN ? asText(root) : "");
  const text = data.text === null && written.length > LONG ? "" : written;
  return {
    names: data.names,
    text,
    value: emittedValue,
    gradient: emittedGradient,
    graph,
    root,
    parts: data.parts,
    original: true,
    data: data.data && predict ? { size: data.data, count: D.length / (data.data + 1), numbers: D, predict } : null,
    letter: data.letter,
  };
}

/** A function that was typed. @param {string} text @param {any} data @param {string[]} before the names of the function before, whose order is kept
 * @returns {Model} */
export function fromText(text, data, before) {
  const graph = new Graph(data.rules);
  const { root, names: found } = parse(text, graph, { ...data.grammar, names: data.names });
  const names = [...before.filter((n) => found.includes(n)), ...found.filter((n) => !before.includes(n)).sort()];
  if (!names.length) names.push(before[0] ?? "x");
  const value = evaluator([root], names);
  const variables = names.map((n) => graph.variable(n));
  const slopes = evaluator(graph.gradient(root, variables), names);
  return {
    names,
    text,
    value: (x) => value(x)[0],
    gradient: (x) => slopes(x),
    graph,
    root,
    parts: order([root]).length,
    original: false,
    data: null,
    letter: "f",
  };
}

/** The Hessian times a vector, from two gradients. @param {Model} model @param {Point} x @param {Point} v */
function hessianTimes(model, x, v) {
  const size = 1e-5 * (1 + Math.hypot(...x));
  const right = model.gradient(x.map((a, i) => a + size * v[i]));
  const left = model.gradient(x.map((a, i) => a - size * v[i]));
  return right.map((r, i) => (r - left[i]) / (2 * size));
}

/** The curvature that is largest in size, by power iteration. @param {Model} model @param {Point} x */
export function curvature(model, x) {
  let v = x.map((_, i) => Math.sin(1 + 2 * i) + 1.5);
  let found = NaN;
  for (let round = 0; round < (x.length === 1 ? 1 : 60); round++) {
    const length = Math.hypot(...v) || 1;
    v = v.map((a) => a / length);
    const w = hessianTimes(model, x, v);
    const before = found;
    found = w.reduce((sum, a, i) => sum + a * v[i], 0);
    if (!Number.isFinite(found) || Math.abs(found - before) <= 1e-6 * Math.abs(found)) break;
    v = w;
  }
  return found;
}

/**
 * What kind of place a point is where the slope is nearly zero, by the values around it: "minimum", "maximum",
 * "saddle" (of one variable a point of inflection), "flat" where they are all the same, "slope" where they go on
 * falling as the slope says.
 *
 * @param {Model} model @param {Point} x
 */
export function placeOf(model, x) {
  const y = model.value(x),
    steep = Math.hypot(...model.gradient(x));
  const n = x.length;
  const directions = x.flatMap((_, i) => [1, -1].map((sign) => x.map((_, j) => (i === j ? sign : 0))));
  for (let k = 0; n > 1 && k < 32; k++) {
    const d = x.map((_, i) => Math.cos(k * (i + 1) * 2.39996 + i * 1.3));
    const size = Math.hypot(...d) || 1;
    directions.push(d.map((a) => a / size));
  }
  let flat = true;
  for (const share of [1e-3, 1e-2, 1e-1]) {
    const far = share * (1 + Math.hypot(...x));
    const noise = 1e-14 * Math.abs(y);
    const changes = directions
      .map((d) => model.value(x.map((a, i) => a + far * d[i])) - y)
      .filter(Number.isFinite)
      .map((change) => (Math.abs(change) <= noise ? 0 : change));
    const high = Math.max(0, ...changes),
      low = Math.min(0, ...changes);
    if (high === 0 && low === 0) continue;
    flat = false;
    if (steep * far > 0.6 * Math.max(high, -low)) continue; // the slope tells more than the bend
    const kind = low === 0 || -low < 1e-3 * high ? "minimum" : high === 0 || high < -1e-3 * low ? "maximum" : "saddle";
    return kind === "saddle" && share > 0.01 ? "slope" : kind;
  }
  return flat ? "flat" : "slope";
}

/** The nearest place to a point where function and slope are finite, in few digits, or null: along the axes, and towards the origin.
 * @param {Model} model @param {Point} x */
export function nearestPlace(model, x) {
  const works = (/** @type {Point} */ p) => Number.isFinite(model.value(p)) && model.gradient(p).every(Number.isFinite);
  const size = 1 + Math.hypot(...x);
  const ways = x.flatMap((_, i) => [1, -1].map((sign) => x.map((_, j) => (i === j ? sign : 0))));
  for (const sign of [1, -1]) ways.push(x.map(() => sign / Math.sqrt(x.length)));
  ways.push(x.map((a) => -a / (Math.hypot(...x) || 1)));
  for (let far = 1e-3 * size; far < 1e6 * size; far *= 1.15) {
    for (const way of ways) {
      const at = (/** @type {number} */ t) => x.map((a, i) => a + t * way[i]);
      if (!works(at(far))) continue;
      let [out, inside] = [far / 1.15, far];
      for (let k = 0; k < 40; k++) {
        const middle = (out + inside) / 2;
        if (works(at(middle))) inside = middle;
        else out = middle;
      }
      for (const n of [1, 2, 3, 4]) {
        const short = at(inside * 1.01).map((a) => Number(a.toPrecision(n)));
        if (works(short) && Math.hypot(...short.map((a, i) => a - at(inside)[i])) < 0.05 * inside) return short;
      }
      return at(far);
    }
  }
  return null;
}
