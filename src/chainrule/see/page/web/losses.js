// The loss over the steps, for the run in hand and those that were kept. A click goes to a step.

import { h, s, set, sizeOf } from "./dom.js";
import { digits } from "./formula.js";
import { say } from "./language.js";
import { clamp, draggable, gutter, Panel, roomy } from "./panel.js";

export class LossPlot {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.svg = s("svg", { "aria-hidden": "true" });
    this.element = h("figure.plot.low", {}, this.svg);
    this.panel = new Panel(this.svg, { yTitle: "f" });
    this.lines = s("g");
    this.markers = s("g");
    this.panel.inside.append(this.lines);
    this.panel.over.append(this.markers);
    draggable(
      this.panel.backdrop,
      (x) => app.goTo(Math.round(this.panel.x.invert(x))),
      () => app.settle(),
    );
  }

  draw() {
    const { app } = this;
    const size = sizeOf(this.element, app.held);
    const width = Math.max(size.width, 280),
      height = size.height || 200;
    set(this.svg, { viewBox: `0 0 ${width} ${height}`, width, height });
    const runs = [
      ...app.kept.map((k, i) => /** @type {[any, number]} */ ([k.run, i + 1])),
      /** @type {[any, number]} */ ([app.run, 0]),
    ];
    const losses = runs.flatMap(([run]) => run.losses.filter(Number.isFinite));
    const first = Math.max(...runs.map(([run]) => run.losses[0]).filter(Number.isFinite));
    const low = Math.min(...losses),
      high = Math.min(Math.max(...losses), first + 3 * Math.max(first - low, 1));
    const logarithmic = low > 0 && high / low > 200;
    const range = logarithmic ? [low / 2, high * 2] : roomy(low, high, 0.1);
    const left = Math.max(width < 500 ? 46 : 58, gutter(range, height - 48, logarithmic));
    const box = { left, right: width - 14, top: 10, bottom: height - 38 };
    this.panel.place(
      box,
      [0, Math.max(1, ...runs.map(([r]) => r.losses.length - 1), app.state.steps)],
      losses.length ? range : [0, 1],
      logarithmic,
    );
    this.panel.xTitle.textContent = say("step");
    this.lines.replaceChildren(
      ...runs.map(([run, i]) =>
        s(`path.run.run${i}`, {
          d: this.panel.curve(
            run.losses.map((/** @type {number} */ y, /** @type {number} */ k) => [
              k,
              logarithmic ? Math.max(y, low / 2) : y,
            ]),
          ),
        }),
      ),
    );
    this.markers.replaceChildren(
      ...runs.map(([run, i]) => {
        const k = app.shownStep(run);
        const [x, y] = this.panel.at(k, run.losses[k]);
        const cy = Number.isFinite(y) ? clamp(y, box.top, box.bottom) : box.bottom;
        return s(`circle.runner.run${i}`, { cx: x, cy, r: 5 });
      }),
    );
    this.svg.setAttribute("aria-label", digits(app.run.losses[app.shownStep()]));
  }
}
