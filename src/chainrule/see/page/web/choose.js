// A learning rate and a number of steps for a first look: a short search for a descent that arrives.

import { descend, leap } from "./descent.js";
import { nearestPlace, placeOf } from "./model.js";

/** @typedef {import("./model.js").Model} Model */
/** @typedef {import("./descent.js").Plan} Plan */

const RATES = [5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002];
const LONGEST = 2000, // steps
  WORK = 4e6; // steps of one part of a function, in all
const CALM = 30; // steps in which an arrival is watched best

/** The plan with a rate at which it arrives at a minimum, and in how many steps; or null. @param {Model} model @param {Plan} plan @param {number} [most] */
export function arriving(model, plan, most = LONGEST) {
  const afford = WORK / (model.parts * RATES.length);
  let rates = RATES;
  for (const steps of [100, 500, LONGEST].map((n) => Math.min(n, most, afford))) {
    const tried = rates.map((lr) => ({ lr, run: descend(model, { ...plan, lr }, Math.floor(steps)) }));
    rates = tried.filter(({ run }) => ["moving", "bouncing"].includes(run.outcome)).map(({ lr }) => lr);
    const found = tried.filter(({ run }) => run.outcome === "converged" && run.at > 0 && isMinimum(model, run));
    if (!found.length) continue;
    // One that never goes up shows most; then one that is neither over at once nor long.
    const rises = (/** @type {number[]} */ losses) =>
      losses.some((y, k) => k && y > losses[k - 1] + 1e-12 * Math.abs(y));
    const score = ({ run }) => Math.abs(Math.log(run.at / CALM)) + (rises(run.losses) ? 1 : 0);
    const best = found.reduce((a, b) => (score(b) < score(a) ? b : a));
    return { lr: best.lr, steps: rounded(best.run.at * 1.3), end: best.run.points[best.run.points.length - 1] };
  }
  return null;
}

/** Whether a descent ends in a valley whose sides can be seen: where the function rises again by a part of what it fell, along every
 * variable, no farther away than the start. An end so flat that nothing rises there, or behind a pole, shows nothing. @param {Model} model
 * @param {import("./descent.js").Run} run */
function isMinimum(model, run) {
  const end = run.points[run.points.length - 1];
  if (placeOf(model, end) !== "minimum" || leap(model, run)) return false;
  const fall = run.losses[0] - run.losses[run.losses.length - 1];
  const reach = Math.max(...run.points.map((p) => Math.hypot(...p.map((x, i) => x - end[i]))));
  const rises = (/** @type {number[]} */ p) => !(model.value(p) - model.value(end) < 1e-4 * fall); // no number is a wall
  const along = (/** @type {number} */ i, /** @type {number} */ t) => end.map((x, k) => (k === i ? x + t * reach : x));
  return end.every((_, i) => [1, -1].every((sign) => [0.25, 0.5, 1, 2].some((t) => rises(along(i, sign * t)))));
}

/** Up to a number that is easy to say. @param {number} n */
function rounded(n) {
  const choices = [20, 30, 40, 50, 80, 100, 150, 200, 300, 400, 500, 800, 1000, 1500, LONGEST];
  return choices.find((c) => c >= n) ?? LONGEST;
}

/** Fill in what the page was given no choice of: the rate, the steps, and the optimiser: gradient descent, or Adam where that does not
 * arrive. @param {any} data @param {Model} model */
export function chosen(data, model) {
  const steps = data.steps ?? 100;
  if (data.lr !== null) return { ...data, steps };
  const works = Number.isFinite(model.value(data.start));
  const start = works ? data.start : (nearestPlace(model, data.start) ?? data.start);
  for (const optimizer of data.free ? [data.optimizer, "adam"] : [data.optimizer]) {
    const { lr, ...own } = data.optimisers[optimizer].settings;
    const settings = optimizer === data.optimizer ? data.settings : own;
    const found = arriving(model, { optimizer, settings, start, lr }, data.steps ?? LONGEST);
    if (found) return { ...data, optimizer, settings, lr: found.lr, steps: data.steps ?? found.steps };
  }
  return { ...data, steps, lr: telling(model, { ...data, start }, steps) };
}

/** The rate whose descent shows most where none arrives: it goes down without leaps, gets far, and takes several steps over it; a tenth
 * where that says nothing. @param {Model} model @param {Plan} plan @param {number} steps */
export function telling(model, plan, steps) {
  const afford = Math.floor(Math.min(steps, WORK / (model.parts * RATES.length)));
  const tried = RATES.map((lr) => ({ lr, run: descend(model, { ...plan, lr }, afford) })).filter(
    ({ run }) => !["diverged", "left", "outside", "leaping"].includes(run.outcome) && !leap(model, run),
  );
  const low = Math.min(...tried.map(({ run }) => Math.min(...run.losses)));
  const score = ({ run: { losses } }) => {
    const fall = losses[0] - low;
    const over = losses.findIndex((/** @type {number} */ y) => losses[0] - y > 0.8 * fall); // when the most is done
    const rises = losses.some((/** @type {number} */ y, /** @type {number} */ k) => k && y > losses[k - 1]);
    return (rises ? 4 : 0) + Math.abs(Math.log((over < 0 ? 100 * losses.length : over + 1) / 12));
  };
  return tried.length ? tried.reduce((a, b) => (score(b) < score(a) ? b : a)).lr : 0.1;
}
