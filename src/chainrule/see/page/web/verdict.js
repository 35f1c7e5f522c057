// What became of a descent, in words, and why.

import { explain } from "./descent.js";
import { digits } from "./formula.js";
import { say } from "./language.js";

/** @param {import("./app.js").App} app @returns {{kind: string, title: string, text: string}} */
export function verdict(app) {
  const { model, run, state } = app;
  const last = run.points[run.points.length - 1];
  const where = model.names.length <= 3 ? model.names.map((n, i) => `${n} = ${digits(last[i], 5)}`).join(", ") : "";
  const f = digits(run.losses[run.losses.length - 1], 5);
  if (run.outcome === "outside") return { kind: "bad", title: say("Not defined at the start"), text: say("The function or its slope is not a number there: move the start.") };
  if (run.outcome === "diverged") return { kind: "bad", title: say("Diverges at step {k}", { k: run.at }), text: why(app) };
  if (run.outcome === "bouncing") return { kind: "odd", title: say("Bounces without settling"), text: why(app) };
  const at = where ? say("{where}, f = {f}", { where, f }) : `f = ${f}`;
  if (run.outcome === "converged") return { kind: "good", title: say("Converges in {k} steps", { k: run.at }), text: at };
  return { kind: "odd", title: say("Still moving after {n} steps", { n: state.steps }), text: say("{at}: more steps or a larger rate would go on.", { at }) };
}

/** @param {import("./app.js").App} app */
function why(app) {
  const { model, run, state } = app;
  const { told, damped, momentum, down } = explain(model, state, run);
  const place = (/** @type {number} */ k) => (k === 0 ? say("at the start") : say("at its lowest point"));
  const name = model.names.length === 1 ? "f″" : say("the largest curvature");
  if (state.optimizer !== "sgd") return told ? say("The curvature {place} is {c}; lr is {lr}. Try a smaller one, such as {try}.", { place: place(told.k), c: digits(told.c, 4), lr: digits(state.lr, 4), try: digits(state.lr / 10, 2) }) : say("Try a smaller learning rate.");
  if (!told) return down ? say("The function curves down {place}: it may have no minimum that way.", { place: place(down.k) }) : say("Try a smaller learning rate.");
  const values = { name, place: place(told.k), c: digits(told.c, 4), bound: digits(told.bound, 4), lr: digits(state.lr, 4), try: digits(1 / told.c, 2), momentum: digits(momentum) };
  const first = damped
    ? say("Steps shrink only while lr < 2 (1 + momentum) / {name}. There {place} it is {c}, so lr must stay below {bound}; it is {lr}.", values)
    : say("A step overshoots by more than it came from where lr > 2 / {name}. {place} it is {c}, so lr must stay below {bound}; it is {lr}.", values);
  return state.lr >= told.bound ? `${capital(first)} ${say("Try {try}.", values)}` : say("The steps overshoot further out, where the function is steeper.");
}

/** @param {string} text */
const capital = (text) => text.replace(/(^|\. )(\p{Ll})/gu, (_, a, b) => a + b.toUpperCase());
