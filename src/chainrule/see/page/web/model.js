// What the page plays with: a function with its names, value and gradient, from Python or typed here.

import { gradient as emittedGradient, value as emittedValue } from "./emitted.js";
import { asText } from "./formula.js";
import { evaluator, Graph, order, planted } from "./graph.js";
import { parse } from "./parse.js";

/** @typedef {number[]} Point */
/** @typedef {{names: string[], text: string, value: (x: Point) => number, gradient: (x: Point) => Point, graph: Graph,
 *   root: import("./graph.js").Node | null, parts: number, original: boolean}} Model */

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
