// A race: several descents from one start, over the same steps. Its plans have no start of their own: they follow the one in hand.

import { arriving, telling } from "./choose.js";
import { digits } from "./formula.js";
import { defaults, MOST_STEPS } from "./state.js";

/** @typedef {import("./descent.js").Plan} Plan */

/** @type {[string, Record<string, any>][]} who runs, with the settings that are not an optimiser's own */
const FIELD = [
  ["sgd", { momentum: 0 }],
  ["sgd", { momentum: 0.9 }],
  ["adagrad", {}],
  ["rmsprop", {}],
  ["adam", {}],
];

/** Each optimiser at a rate at which it arrives, where there is one, beside the one in hand. @param {import("./app.js").App} app */
export function ofOptimisers(app) {
  const { model, state, data } = app;
  let steps = state.steps;
  const rivals = FIELD.filter(
    ([name, own]) => name !== state.optimizer || Object.entries(own).some(([k, v]) => state.settings[k] !== v),
  ).slice(0, 4);
  const runs = rivals.map(([optimizer, own]) => {
    const settings = { ...defaults(optimizer, data), ...own };
    const plan = { start: state.start, lr: data.optimisers[optimizer].settings.lr, optimizer, settings };
    const found = arriving(model, plan, 500);
    if (found) steps = Math.max(steps, found.steps);
    return { ...plan, start: null, lr: found?.lr ?? telling(model, plan, steps) };
  });
  begin(app, runs, steps);
}

/** The optimiser in hand at rates below and above its own; the highest is beyond where it begins to diverge, if that is near.
 * @param {import("./app.js").App} app */
export function ofRates(app) {
  const { lr, optimizer, settings, steps } = app.state;
  const critical = app.seen?.critical ?? null;
  const high =
    critical !== null && critical > lr && critical < 50 * lr
      ? [Math.sqrt(lr * critical), 1.05 * critical]
      : [2 * lr, 4 * lr];
  const runs = [lr / 8, lr / 3, ...high].map((rate) => ({
    start: null,
    lr: Number(rate.toPrecision(3)),
    optimizer,
    settings: structuredClone(settings),
  }));
  begin(app, runs, steps);
}

/** What a run is called. @param {import("./app.js").App} app @param {Plan} plan */
export function called(app, { optimizer, lr, settings }) {
  const momentum = settings.momentum ? `, momentum ${digits(settings.momentum, 3)}` : "";
  return `${app.data.optimisers[optimizer].title}, lr ${digits(lr, 3)}${momentum}`;
}

/** @param {import("./app.js").App} app @param {Plan[]} runs @param {number} steps */
function begin(app, runs, steps) {
  app.pause();
  app.change({ runs, step: 0, steps: Math.min(steps, MOST_STEPS) });
  app.play();
}
