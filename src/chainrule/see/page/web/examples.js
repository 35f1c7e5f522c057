// Functions to begin with, each with the question that it answers; and what the settings mean for the function in hand.

import { arriving, telling } from "./choose.js";
import { digits } from "./formula.js";
import { say } from "./language.js";
import { defaults } from "./state.js";

/** @type {{text: string, start: number[], ask: () => string}[]} */
export const EXAMPLES = [
  { text: "x^4/4 - 2x² + x/2", start: [0.5], ask: () => say("Two valleys: in which one does it end, from where?") },
  { text: "(1 - x)² + 20(y - x²)²", start: [-1.2, 1.5], ask: () => say("A ravine: why is the way along it so slow?") },
  {
    text: "x² - y² + y^4/4",
    start: [1.5, 0.01],
    ask: () => say("A saddle: why does it wait there before it goes down?"),
  },
  {
    text: "1 - exp(-x²)",
    start: [2],
    ask: () => say("A plateau: how long does it take where there is hardly a slope?"),
  },
  { text: "|x|", start: [2], ask: () => say("A kink: why does it not come to rest in it?") },
  { text: "sin(3x) + x²/10", start: [2.5], ask: () => say("Many valleys: which optimiser gets out of the first?") },
  {
    text: "(b - 1.1)² + (a + b - 1.9)² + (2a + b - 3.4)² + (3a + b - 3.8)²",
    start: [-1, 2],
    ask: () => say("Noisy points: which line a x + b has the least squares?"),
  },
];

/** Show an example, at a rate that shows something. @param {import("./app.js").App} app @param {number} which */
export function begin(app, which) {
  const { text, start } = EXAMPLES[which];
  app.pause();
  const plain = { lr: 0.1, optimizer: "sgd", settings: defaults("sgd", app.data), steps: 100 };
  app.change({ text, start, ...plain, step: 0, domain: null, runs: [] });
  const plan = { ...plain, start };
  const found = arriving(app.model, plan);
  app.change(found ? { lr: found.lr, steps: found.steps } : { lr: telling(app.model, plan, 100) });
}

/** What the rate and the settings do at the step that is shown. @param {import("./app.js").App} app */
export function meaning(app) {
  const { state, run } = app;
  const k = app.shownStep(),
    next = run.points[k + 1];
  const size = Math.hypot(...run.slopes[k]);
  if (!next || !Number.isFinite(size)) return "";
  const step = Math.hypot(...next.map((x, i) => x - run.points[k][i]));
  const values = { lr: digits(state.lr, 3), g: digits(size, 3), step: digits(step, 3) };
  const momentum = Number(state.settings.momentum ?? 0);
  if (state.optimizer === "sgd" && !momentum)
    return say("This step is the rate times the slope: {lr} × {g} = {step}.", values);
  if (state.optimizer === "sgd")
    return say(
      "Momentum keeps {part} of each step: on an even slope steps grow up to {times} times; this one is {step}.",
      {
        ...values,
        part: digits(momentum, 3),
        times: digits(1 / (1 - momentum), 3),
      },
    );
  if (/^(adam|adamw|nadam|radam|rmsprop|adamax)$/.test(state.optimizer))
    return say(
      "It divides by the usual size of the slopes: with slope {g} this step is {step}; the rate is {lr}.",
      values,
    );
  return say("The slope is {g}, and this step is {step}.", values);
}
