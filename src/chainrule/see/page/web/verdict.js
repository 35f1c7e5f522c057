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
  if (run.outcome === "outside")
    return {
      kind: "bad",
      title: say("Not defined at the start"),
      text: say("The function or its slope is not a number there: move the start."),
    };
  if (run.outcome === "diverged")
    return { kind: "bad", title: say("Diverges at step {k}", { k: run.at }), text: why(app) };
  if (run.outcome === "bouncing") return { kind: "odd", title: say("Bounces without settling"), text: why(app) };
  const at = where ? say("{where}, f = {f}", { where, f }) : `f = ${f}`;
  if (run.outcome === "converged")
    return { kind: "good", title: say("Converges in {k} steps", { k: run.at }), text: at };
  return {
    kind: "odd",
    title: say("Still moving after {n} steps", { n: state.steps }),
    text: say("{at}: more steps or a larger rate would go on.", { at }),
  };
}

/** Why a descent does not settle: the learning rate held against the curvature. @param {import("./app.js").App} app */
function why(app) {
  const { model, run, state } = app;
  const { told, damped, down } = explain(model, state, run);
  if (!told)
    return down
      ? say("The function curves down there: it may have no minimum that way.")
      : say("Try a smaller learning rate.");
  const values = {
    c: digits(told.c, 4),
    bound: digits(told.bound, 4),
    lr: digits(state.lr, 4),
    try: digits(1 / told.c, 2),
    less: digits(state.lr / 10, 2),
  };
  const single = model.names.length === 1;
  const where =
    told.k === 0
      ? single
        ? say("The curvature at the start is {c}.", values)
        : say("The largest curvature at the start is {c}.", values)
      : single
        ? say("The curvature at the lowest point is {c}.", values)
        : say("The largest curvature at the lowest point is {c}.", values);
  const said = [where];
  if (state.optimizer !== "sgd") said.push(say("The rate is {lr}. Try a smaller one, such as {less}.", values));
  else {
    said.push(
      damped
        ? say("Steps shrink only while the rate is below 2 (1 + momentum) / {c} = {bound}; it is {lr}.", values)
        : say("Steps shrink only while the rate is below 2 / {c} = {bound}; it is {lr}.", values),
    );
    said.push(
      state.lr >= told.bound ? say("Try {try}.", values) : say("The steps overshoot to where the function is steeper."),
    );
  }
  return said.join(" ");
}
