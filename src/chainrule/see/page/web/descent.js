// Descents: an optimiser's steps from a start, what became of them, and the learning rate at which they run away.

import { leapt } from "./breaks.js";
import { OPTIMISERS } from "./emitted.js";
import { curvature } from "./model.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {{start: any, lr: number, optimizer: string, settings: Record<string, any>}} Plan start: a point; of runs kept in the state also
 * null, the start in hand */
/** @typedef {"converged" | "diverged" | "falling" | "bouncing" | "leaping" | "moving" | "left" | "outside"} Outcome */
/** @typedef {{points: number[][], losses: number[], slopes: number[][], outcome: Outcome, at: number,
 *   beyond: {x: number[], loss: number} | null}} Run beyond: the point that ended it, where the function or its slope is no number */

const FAR = 1e8; // times the start's size: from there a descent counts as lost
const FLAT = 1e-6; // a gradient this small, beside the one at the start, counts as a minimum

/** @param {Model} model @param {Plan} plan @param {number} steps @returns {Run} */
export function descend(model, plan, steps) {
  const { start, step } = OPTIMISERS[plan.optimizer];
  const h = { ...plan.settings, lr: plan.lr };
  let states = plan.start.map(() => start(h));
  let x = plan.start.slice();
  const limit = FAR * (1 + Math.hypot(...x));
  /** @type {Run} */
  const run = { points: [], losses: [], slopes: [], outcome: "moving", at: steps, beyond: null };
  for (let k = 0; ; k++) {
    const loss = model.value(x),
      g = model.gradient(x);
    if (!Number.isFinite(loss) || !g.every(Number.isFinite) || !x.every((a) => Math.abs(a) < limit)) {
      run.at = k;
      run.beyond = { x, loss };
      run.outcome = ended(run, limit);
      if (k === 0) (run.points.push(x), run.losses.push(loss), run.slopes.push(g));
      return run;
    }
    run.points.push(x);
    run.losses.push(loss);
    run.slopes.push(g);
    if (k === steps) break;
    const moved = x.map((p, i) => step(p, g[i], states[i], h));
    x = moved.map((pair) => pair[0]);
    states = moved.map((pair) => pair[1]);
  }
  run.outcome = settled(run);
  if (run.outcome === "converged") run.at = firstFlat(run);
  if (run.outcome === "bouncing" && leap(model, run)) run.outcome = "leaping";
  if (run.outcome === "moving" && endless(model, run)) run.outcome = "falling";
  return run;
}

/** How a descent ended at a point that is too far away, or where there is no number. @param {Run} run @param {number} limit @returns {Outcome} */
function ended({ losses, beyond, at }, limit) {
  if (!beyond || at === 0) return "outside";
  const tail = [...losses.slice(-4), beyond.loss];
  if (at > 2 && tail.every((y, i) => !i || y < tail[i - 1])) return "falling";
  return Number.isNaN(beyond.loss) && beyond.x.every((a) => Math.abs(a) < limit) ? "left" : "diverged";
}

/** Whether the function goes down without end ahead of where a descent is: each time a quarter farther, it has fallen by no less again. @param {Model} model
 * @param {Run} run */
function endless(model, { points, losses, slopes }) {
  const x = points[points.length - 1],
    g = slopes[slopes.length - 1],
    size = Math.hypot(...g);
  let before = losses[losses.length - 1],
    fall = 0;
  if (!(size > 0)) return false;
  const unit = 1 + Math.hypot(...x);
  for (let far = 1e-4 * unit; far < 1e9 * unit; far *= 1.25) {
    const y = model.value(x.map((a, i) => a - (far * g[i]) / size));
    if (y === -Infinity) return true;
    if (!(y < before) || (far > 1e4 * unit && before - y < 0.95 * fall)) return false;
    [fall, before] = [before - y, y];
  }
  return true;
}

/** The first of a descent's longest steps that goes over a pole or a jump, or null. @param {Model} model @param {Run} run */
export function leap(model, { points, beyond }) {
  const all = beyond && beyond.x.every(Number.isFinite) ? [...points, beyond.x] : points;
  const steps = all.slice(1).map((b, k) => ({ k: k + 1, a: all[k], b, length: Math.hypot(...minus(b, all[k])) }));
  const longest = steps.sort((s, t) => t.length - s.length).slice(0, 12);
  for (const step of longest.sort((s, t) => s.k - t.k)) {
    const over = step.length > 0 ? leapt(model.value, step.a, step.b) : null;
    if (over) return { ...step, over };
  }
  return null;
}

/** @param {Run} run @returns {Outcome} */
function settled({ slopes, losses, points }) {
  const last = losses.length - 1;
  const sizes = slopes.map((g) => Math.hypot(...g));
  const biggest = Math.max(...sizes.slice(0, 2), 1e-12);
  if (sizes[last] <= FLAT * Math.max(biggest, 1)) return "converged";
  const half = Math.floor(last / 2);
  const turns = points
    .slice(half + 1)
    .filter((p, i) => dot(minus(p, points[half + i]), slopes[half + i + 1]) > 0).length;
  const low = Math.min(...losses.slice(half)),
    high = Math.max(...losses.slice(half));
  const quarter = Math.ceil((last - half) / 4); // an oscillation that dies away has lower and lower heights
  const heights = [0, 1, 2, 3].map((q) => Math.max(...losses.slice(half + q * quarter, half + (q + 1) * quarter)));
  const flatter = heights.every((y, q) => !q || y < heights[q - 1]);
  return turns > (last - half) / 4 && high > low && !flatter ? "bouncing" : "moving";
}

/** @param {Run} run */
function firstFlat({ slopes }) {
  const limit = FLAT * Math.max(Math.hypot(...slopes[0]), 1);
  return slopes.findIndex((g) => Math.hypot(...g) <= limit);
}

/** @param {number[]} a @param {number[]} b */
const minus = (a, b) => a.map((x, i) => x - b[i]);
/** @param {number[]} a @param {number[]} b */
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

/** What becomes of the plan at each of many learning rates, and the first at which it diverges (or null).
 * @param {Model} model @param {Plan} plan @param {number} steps @param {number[]} exponents of ten, rising */
export function rates(model, plan, steps, exponents) {
  /** @param {number} e */
  const at = (e) => descend(model, { ...plan, lr: 10 ** e }, steps).outcome;
  const outcomes = exponents.map(at);
  const first = outcomes.indexOf("diverged");
  if (first < 0) return { outcomes, critical: null };
  let low = first ? exponents[first - 1] : exponents[0],
    high = exponents[first];
  for (let i = 0; i < 14 && first; i++) {
    const middle = (low + high) / 2;
    if (at(middle) === "diverged") high = middle;
    else low = middle;
  }
  return { outcomes, critical: 10 ** high };
}

/** The curvature and the rate up to which steps shrink, where the function is quadratic and the rule is gradient descent: elsewhere there
 * is no such rate, and null is returned. @param {Model} model @param {Plan} plan @param {Run} run */
export function bound(model, plan, run) {
  const { momentum, nesterov, dampening, weight_decay, maximize } = plan.settings;
  if (plan.optimizer !== "sgd" || weight_decay || maximize || (momentum && (nesterov || dampening))) return null;
  const places = [run.points[0], run.points[run.points.length - 1], run.points[0].map((x, i) => 1.7 * x + i + 0.9)];
  const [c, ...others] = places.map((x) => curvature(model, x));
  if (!(c > 0) || !others.every((d) => Math.abs(d - c) < 1e-3 * c)) return null;
  return { c, rate: (2 * (1 + Number(momentum))) / c, damped: Number(momentum) > 0 };
}
