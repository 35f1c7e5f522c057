// Descents: an optimiser's steps from a start, what became of them, and the learning rate at which they run away.

import { OPTIMISERS } from "./emitted.js";
import { curvature } from "./model.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {{start: number[], lr: number, optimizer: string, settings: Record<string, any>}} Plan */
/** @typedef {"converged" | "diverged" | "bouncing" | "moving" | "outside"} Outcome */
/** @typedef {{points: number[][], losses: number[], slopes: number[][], outcome: Outcome, at: number}} Run */

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
  const run = { points: [], losses: [], slopes: [], outcome: "moving", at: steps };
  for (let k = 0; ; k++) {
    const loss = model.value(x),
      g = model.gradient(x);
    if (!Number.isFinite(loss) || !g.every(Number.isFinite) || !x.every((a) => Math.abs(a) < limit)) {
      run.outcome = k === 0 ? "outside" : "diverged";
      run.at = k;
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
  return run;
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
  const flatter = Math.min(...sizes.slice(half)) < 0.5 * sizes[half] && losses[last] < losses[half];
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

/** What the curvature says of a run of gradient descent: where it was looked at, and the rate up to which steps hold.
 * @param {Model} model @param {Plan} plan @param {Run} run */
export function explain(model, plan, run) {
  const momentum = plan.optimizer === "sgd" ? Number(plan.settings.momentum) : 0;
  const damped = momentum > 0 && !plan.settings.nesterov && !plan.settings.dampening;
  const lowest = run.losses.indexOf(Math.min(...run.losses));
  const first = run.outcome === "bouncing" ? [lowest, 0] : [0, lowest]; // it bounces where it is, not where it began
  const looked = [...new Set(first)].map((k) => ({ k, c: curvature(model, run.points[k]) }));
  const told = looked
    .filter(({ c }) => Number.isFinite(c) && c > 0)
    .map(({ k, c }) => ({ k, c, bound: ((damped ? 1 + momentum : 1) * 2) / c }));
  const down = looked.find(({ c }) => c < 0);
  return { told: told.find(({ bound }) => plan.lr >= bound) ?? told[0] ?? null, damped, down: down ?? null };
}
