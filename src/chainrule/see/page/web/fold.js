// A function that is too large to be drawn part by part, folded by name: its parameters in groups, the model, the sum over the data.

import { h } from "./dom.js";
import { digits } from "./formula.js";
import { say } from "./language.js";

/** Boxes from the parameters to the loss, with values forward and gradients back. @param {import("./app.js").App} app */
export function folded(app) {
  const { model, run } = app;
  const k = app.shownStep(),
    slopes = run.slopes[k];
  /** @type {Map<string, number[]>} */
  const groups = new Map();
  model.names.forEach((n, i) => {
    const name = n.replace(/_\d+$/, "");
    groups.set(name, [...(groups.get(name) ?? []), i]);
  });
  const box = (/** @type {string} */ kind, /** @type {(string | Node)[]} */ ...lines) =>
    h(`div.folded-box.${kind}`, {}, ...lines.map((line) => h("span", {}, line)));
  const parameters = [...groups].map(([name, places]) =>
    box(
      "variable",
      name,
      places.length > 1 ? say("{n} numbers", { n: places.length }) : digits(run.points[k][places[0]], 4),
      `${places.length > 1 ? "|∂f|" : "∂f"}: ${digits(places.length > 1 ? Math.hypot(...places.map((i) => slopes[i])) : slopes[places[0]], 4)}`,
    ),
  );
  const arrow = () => h("span.folded-arrow", { "aria-hidden": "true" }, "⇄");
  const { data } = model;
  const middle = data ? [box("part", say("model"), say("at {n} points", { n: data.count })), arrow()] : [];
  const parts = box("part", say("{n} parts", { n: model.parts }));
  return [
    h("div.folded-group", {}, ...parameters),
    arrow(),
    ...middle,
    ...(data ? [box("part", say("sum over {n} points", { n: data.count }))] : [parts]),
    arrow(),
    box("result", "f", digits(run.losses[k], 5), "∂f: 1"),
  ];
}
