// What became of a descent, in words: what is certain, and else what was seen.

import { bound, leap } from "./descent.js";
import { digits } from "./formula.js";
import { say, say_count } from "./language.js";
import { nearestPlace, placeOf } from "./model.js";

/** @typedef {{kind: string, title: string, text: string, place?: number[] | null}} Verdict place: one to start from instead */

/** @param {import("./app.js").App} app @returns {Verdict} */
export function verdict(app) {
  const { model, run, state } = app;
  const last = run.points.length - 1;
  const at = told(model, run.points[last], run.losses[last]);
  const over = ["diverged", "leaping", "moving", "left", "converged"].includes(run.outcome) ? leap(model, run) : null;
  const tear = over?.over.kind === "pole" ? say("pole") : say("jump");
  const leapText = over
    ? say("Step {k} leaps from {a} to {b}, over a {kind} near {x}.", {
        k: over.k,
        a: named(model, over.a),
        b: named(model, over.b),
        kind: tear,
        x: named(model, over.over.x),
      })
    : "";
  switch (run.outcome === "moving" && over ? "leaping" : run.outcome) {
    case "outside":
      return outside(app);
    case "diverged":
      return { kind: "bad", title: say("Diverges at step {k}", { k: run.at }), text: leapText || why(app) };
    case "left":
      return {
        kind: "bad",
        title: say("Leaves the domain at step {k}", { k: run.at }),
        text: say("At {where} the function is not defined. Try a smaller learning rate.", {
          where: named(model, run.beyond?.x ?? []),
        }),
      };
    case "leaping":
      return {
        kind: "odd",
        title: over?.over.kind === "jump" ? say("Leaps over a jump") : say("Leaps over a pole"),
        text: leapText,
      };
    case "falling":
      return {
        kind: "odd",
        title: say("Falls without end"),
        text: say("{at}, and further on it is lower still: there is no minimum that way.", { at }),
      };
    case "bouncing":
      return { kind: "odd", title: say("Bounces without settling"), text: why(app) };
    case "converged":
      return arrived(app, at, leapText);
  }
  return {
    kind: "odd",
    title: say("Still moving after {n} steps", { n: state.steps }),
    text: say("{at}: more steps or a larger rate would go on.", { at }),
  };
}

/** @param {import("./model.js").Model} model @param {number[]} x */
function named(model, x) {
  return model.names
    .slice(0, 3)
    .map((n, i) => `${n} = ${digits(x[i], 4)}`)
    .concat(model.names.length > 3 ? "…" : [])
    .join(", ");
}

/** @param {import("./model.js").Model} model @param {number[]} x @param {number} f */
function told(model, x, f) {
  const where = model.names.map((n, i) => `${n} = ${digits(x[i], 5)}`).join(", ");
  return model.names.length <= 3 ? say("{where}, f = {f}", { where, f: digits(f, 5) }) : `f = ${digits(f, 5)}`;
}

/** A place without a slope: which kind it is. @param {import("./app.js").App} app @param {string} at @param {string} leapText @returns {Verdict} */
function arrived({ model, run }, at, leapText) {
  const place = placeOf(model, run.points[run.points.length - 1]);
  const k = run.at,
    single = model.names.length === 1;
  const text = [at + (leapText ? "." : ""), leapText].filter(Boolean).join(" ");
  if (k === 0) {
    const title = {
      minimum: say("Starts on a minimum"),
      maximum: say("Starts on a maximum"),
      saddle: single ? say("Starts on a point of inflection") : say("Starts on a saddle point"),
      flat: say("Starts where the function is flat"),
      slope: say("Starts where the function is nearly flat"),
    }[place];
    const still =
      place === "slope"
        ? say("The slope is so small that steps hardly move.")
        : say("The slope is zero: no step moves.");
    return { kind: place === "minimum" ? "good" : "odd", title, text: `${still} ${at}` };
  }
  const title = {
    minimum: say_count("Converges in {n} step", "Converges in {n} steps", k),
    maximum: say_count("Comes to a maximum in {n} step", "Comes to a maximum in {n} steps", k),
    saddle: single
      ? say_count("Comes to a point of inflection in {n} step", "Comes to a point of inflection in {n} steps", k)
      : say_count("Comes to a saddle point in {n} step", "Comes to a saddle point in {n} steps", k),
    flat: say_count(
      "Comes to where the function is flat in {n} step",
      "Comes to where the function is flat in {n} steps",
      k,
    ),
    slope: say_count(
      "Comes to where the function is nearly flat in {n} step",
      "Comes to where the function is nearly flat in {n} steps",
      k,
    ),
  }[place];
  return { kind: place === "minimum" ? "good" : "odd", title, text };
}

/** A start where there is nothing to descend on. @param {import("./app.js").App} app @returns {Verdict} */
function outside({ model, run }) {
  const x = run.points[0],
    f = run.losses[0];
  const place = nearestPlace(model, x);
  const what = Number.isNaN(f)
    ? say("The function is not a number there.")
    : Number.isFinite(f)
      ? say("The slope is not finite there.")
      : say("The function is infinite there, or too large for a number of double precision.");
  const nearest = say("The nearest place that works: {where}", { where: named(model, place ?? x) });
  return {
    kind: "bad",
    title: Number.isNaN(f) ? say("Not defined at the start") : say("Not finite at the start"),
    text: place ? `${what} ${nearest}` : what,
    place,
  };
}

/** Why a descent does not settle: the rate held against the curvature where that decides, else the rates that were tried. @param {import("./app.js").App} app */
function why(app) {
  const { model, run, state, seen } = app;
  const limit = bound(model, state, run);
  if (limit && state.lr >= limit.rate * (1 - 1e-9)) {
    const values = {
      c: digits(limit.c, 4),
      bound: digits(limit.rate, 4),
      lr: digits(state.lr, 4),
      try: digits(1 / limit.c, 2),
    };
    return [
      model.names.length === 1
        ? say("The second derivative is {c} everywhere.", values)
        : say("The largest eigenvalue of the Hessian is {c} everywhere.", values),
      limit.damped
        ? say("Steps shrink only while the rate is below 2 (1 + momentum) / {c} = {bound}; it is {lr}.", values)
        : say("Steps shrink only while the rate is below 2 / {c} = {bound}; it is {lr}.", values),
      say("Try {try}.", values),
    ].join(" ");
  }
  const said = [];
  if (run.beyond && Math.abs(run.beyond.loss) === Infinity)
    said.push(say("The value is too large for a number of double precision."));
  if (run.outcome === "diverged" && seen?.critical)
    said.push(say("From here it diverges from {lr} on.", { lr: digits(seen.critical, 3) }));
  if (seen?.settles && seen.settles < state.lr)
    said.push(say("A rate of {lr} converges.", { lr: digits(seen.settles, 2) }));
  return said.length ? said.join(" ") : say("Try a smaller learning rate.");
}
