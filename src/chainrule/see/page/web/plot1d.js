// One variable: the curve over its derivative, the point with its tangent, and the descents.

import { readout, viewed, zoomable, zoomed } from "./aids.js";
import { traced } from "./breaks.js";
import { h, s, set, sizeOf } from "./dom.js";
import { digits } from "./formula.js";
import { say, spoken } from "./language.js";
import { clamp, clearest, draggable, gutter, handle, middle, Panel, roomy, spaced } from "./panel.js";

const SAMPLES = 700;

/** The range of most values: all of them, but for an end that lies far out. @param {number[]} values */
function bulk(values) {
  const [least, most] = middle(values, 0, 1),
    [low, high] = middle(values, 0.18, 0.82);
  return [low - least > high - low ? middle(values, 0.04, 1)[0] : least, most - high > high - least ? high : most];
}

export class CurvePlot {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.svg = spoken(s("svg", { role: "group" }), "aria-label", () => say("The function over its derivative"));
    this.above = new Panel(this.svg, { xTicks: false });
    this.under = new Panel(this.svg);
    this.curve = s("path.curve");
    this.slope = s("path.derivative");
    this.tangent = s("path.tangent");
    this.drop = s("path.drop");
    this.runs = s("g");
    this.path = s("path.run.run0");
    this.dots = s("path.dots.run0");
    this.above.inside.append(this.curve, this.runs, this.path, this.tangent, this.dots);
    this.second = s("path.second");
    this.secant = s("path.secant");
    this.secantEnd = s("circle.secant-end", { r: 5 });
    this.above.inside.append(this.secant, this.secantEnd);
    this.under.inside.append(this.slope, this.second);
    this.slopePoint = s("circle.slope-point", { r: 5.5 });
    const [point, around] = handle((e) => this.key(e));
    this.handle = point;
    this.grip = around;
    this.label = s("text.slope-label");
    this.svg.append(this.drop, this.slopePoint, this.label, this.grip, this.handle);
    spoken(this.handle, "aria-label", () =>
      say("The point on the curve: arrow keys move it, + and − zoom, Ctrl and arrow keys move the view"),
    );
    for (const area of [this.grip, this.handle, this.above.backdrop, this.under.backdrop]) {
      draggable(
        area,
        (x) => this.move(this.above.x.invert(x)),
        () => app.settle(),
        area === this.grip || area === this.handle,
      );
    }
    const told = readout(this.above.backdrop, (px) => {
      const x = this.above.x.invert(px),
        name = app.model.names[0];
      return `${name} = ${digits(x, 4)}, f = ${digits(app.model.value([x]), 4)}, f′ = ${digits(app.model.gradient([x])[0], 4)}`;
    });
    this.element = h("figure.plot.tall", {}, this.svg, told);
    zoomable(this.above.backdrop, (factor, x, _, dx) => app.change({ domain: zoomed(this.above.x, factor, x, dx) }));
    this.key1 = "";
    this.domain = [-1, 1];
  }

  /** @param {number} x */
  move(x) {
    const [low, high] = this.above.x.domain();
    this.app.moveStart(0, clamp(x, low, high), true);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (viewed(event, this.app)) return;
    const step = ((this.domain[1] - this.domain[0]) / 200) * (event.shiftKey ? 10 : 1);
    const by = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.app.moveStart(0, this.app.state.start[0] + by, false);
  }

  draw() {
    const { app } = this;
    const { model, run } = app;
    const size = sizeOf(this.element, app.held);
    const width = Math.max(size.width, 280),
      height = size.height || 520;
    set(this.svg, { viewBox: `0 0 ${width} ${height}`, width, height });
    this.rescale(width, height);
    const k = app.shownStep();
    const [x] = run.points[k],
      y = run.losses[k],
      g = run.slopes[k][0];
    const [low, high] = this.domain;
    const here = this.above.at(x, y),
      there = this.under.at(x, g);
    const visible = Number.isFinite(y) && Number.isFinite(g);
    set(this.tangent, { d: visible ? this.above.straight(x, y, g) : "" });
    const { top, bottom } = this.above.box;
    const cy = clamp(here[1], top, bottom);
    for (const c of [this.handle, this.grip]) set(c, { cx: here[0], cy: visible ? cy : bottom });
    set(this.handle, {
      "aria-valuemin": low,
      "aria-valuemax": high,
      "aria-valuenow": x,
      "aria-valuetext": `${model.names[0]} = ${digits(x)}, f = ${digits(y)}, f′ = ${digits(g)}`,
    });
    const ty = clamp(there[1], this.under.box.top, this.under.box.bottom);
    set(this.slopePoint, { cx: there[0], cy: ty });
    set(this.drop, { d: visible ? `M${here[0]},${cy}V${ty}` : "" });
    const far = app.state.secant,
      beyond = model.value([x + far]);
    set(this.secant, { d: far && visible ? this.above.straight(x, y, (beyond - y) / far) : "" });
    const [ex, ey] = this.above.at(x + far, beyond);
    set(this.secantEnd, { cx: ex, cy: far && Number.isFinite(ey) ? ey : -99 });
    this.label.textContent = visible ? `f′ = ${digits(g, 4)}` : say("not defined here");
    this.putLabel([here[0], cy], visible ? g : 0);
    set(this.path, { d: this.above.curve(app.way(run).map((p, i) => [p[0], run.losses[i]])) });
    set(this.dots, { d: this.dotted(run, k) });
    this.runs.replaceChildren(
      ...app.kept.map((kept, i) =>
        s(`path.run.run${i + 1}`, { d: this.above.curve(app.way(kept.run).map((p, j) => [p[0], kept.run.losses[j]])) }),
      ),
      ...app.kept.map((kept, i) => s(`path.dots.run${i + 1}`, { d: this.dotted(kept.run, app.shownStep(kept.run)) })),
      ...app.kept.map(({ run }, i) => {
        const k = app.shownStep(run);
        const [cx, cy] = this.above.at(run.points[k][0], run.losses[k]);
        return s(`circle.runner.run${i + 1}`, { cx, cy: Number.isFinite(cy) ? cy : bottom, r: 6 });
      }),
    );
  }

  /** Put the label beside the point, where neither curve nor tangent runs. @param {number[]} point @param {number} slope */
  putLabel([px, py], slope) {
    const { box } = this.above;
    const wide = 8.5 * (this.label.textContent ?? "").length;
    const boxes = [-14, 30, -44, 60].flatMap((dy) =>
      [14, -14 - wide, -wide / 2].map((dx) => {
        const from = clamp(px + dx, box.left + 4, box.right - wide - 4),
          y = clamp(py + dy, box.top + 16, box.bottom - 8);
        return { from, to: from + wide, y, top: y - 14, bottom: y + 4 };
      }),
    );
    const [x, y] = [this.above.x.invert(px), this.above.y.invert(py)];
    const tangent = spaced(px - 200, px + 200, 80).map((at) => [
      at,
      this.above.y(y + slope * (this.above.x.invert(at) - x)),
    ]);
    const curve = /** @type {any} */ (this.curveOf).points.map((/** @type {number[]} */ p) =>
      this.above.at(p[0], p[1]),
    );
    const round = spaced(0, 6, 8).map((t) => [px + 11 * Math.cos(t), py + 11 * Math.sin(t)]);
    const [best] = clearest(boxes, [...curve, ...tangent, ...round]);
    set(this.label, { x: best.from, y: best.y, "text-anchor": "start" });
  }

  /** The places passed so far. @param {import("./descent.js").Run} run @param {number} k */
  dotted(run, k) {
    return run.points
      .slice(0, Math.min(k + 1, 400))
      .map((p, i) => this.above.at(p[0], run.losses[i]))
      .map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`)
      .join("");
  }

  /** Choose what is in view, when the function or the domain has changed. @param {number} width @param {number} height */
  rescale(width, height) {
    const { app } = this;
    const { model, state } = app;
    const narrow = width < 500;
    const start = state.start[0];
    const outside = !app.dragging && !state.domain && (start < this.domain[0] || start > this.domain[1]);
    const key = JSON.stringify([model.text, model.names, state.domain, app.stamp, state.second]);
    if (key !== this.key1 || outside) {
      this.key1 = key;
      if (!app.dragging || outside) this.domain = state.domain?.length === 2 ? state.domain : this.chosen();
      const [from, to] = this.domain;
      this.curveOf = traced((x) => model.value([x]), from, to, SAMPLES);
      this.slopeOf = traced((x) => model.gradient([x])[0], from, to, SAMPLES);
      const tiny = (to - from) * 1e-5;
      const bend = (/** @type {number} */ x) =>
        (model.gradient([x + tiny])[0] - model.gradient([x - tiny])[0]) / (2 * tiny);
      this.secondOf = state.second ? traced(bend, from, to, SAMPLES).points : [];
      const poles = (/** @type {any} */ of) => of.breaks.some((/** @type {any} */ b) => b.kind === "pole");
      const values = this.curveOf.points.map((p) => p[1]);
      const [bottom, high] = poles(this.curveOf) ? middle(values, 0.1, 0.9) : bulk(values);
      const room = 2 * (high - bottom) || 1;
      const inView = app.run.points
        .flatMap((p, i) => (p[0] >= from && p[0] <= to ? [app.run.losses[i]] : []))
        .filter((y) => y > bottom - room && y < high + room);
      this.yRange = roomy(Math.min(bottom, ...inView), Math.max(high, ...inView), 0.12);
      const share = poles(this.slopeOf) ? 0.14 : 0.09;
      const slopes = middle(
        this.slopeOf.points.map((p) => p[1]),
        share,
        1 - share,
      );
      if (state.second)
        slopes.push(
          ...middle(
            this.secondOf.map((p) => p[1]),
            share,
            1 - share,
          ),
        );
      this.slopeRange = roomy(Math.min(...slopes, 0), Math.max(...slopes, 0), 0.15);
      this.above.key = "";
    }
    const split = Math.round(height * 0.62);
    const ranges = /** @type {number[][]} */ ([this.yRange, this.slopeRange]);
    const left = Math.max(narrow ? 46 : 58, gutter(ranges[0], split - 22), gutter(ranges[1], height - split - 50));
    const box = { left, right: width - 14 };
    const changed = this.above.place(
      { ...box, top: 12, bottom: split - 10 },
      this.domain,
      /** @type {number[]} */ (this.yRange),
    );
    this.under.place(
      { ...box, top: split + 10, bottom: height - 40 },
      this.domain,
      /** @type {number[]} */ (this.slopeRange),
    );
    if (changed) {
      set(this.curve, { d: this.above.curve(/** @type {any} */ (this.curveOf).points) });
      set(this.slope, { d: this.under.curve(/** @type {any} */ (this.slopeOf).points) });
      set(this.second, { d: this.under.curve(/** @type {any} */ (this.secondOf)) });
      this.above.mark(/** @type {any} */ (this.curveOf).breaks);
      this.under.mark(/** @type {any} */ (this.slopeOf).breaks);
    }
    const name = model.names[0];
    this.above.yTitle.textContent = `f(${name})`;
    this.under.yTitle.textContent = `f′(${name})`;
    if (changed) {
      this.above.titleAside(/** @type {any} */ (this.curveOf).points);
      this.under.titleAside(/** @type {any} */ (this.slopeOf).points);
    }
    this.under.xTitle.textContent = name;
  }

  /** What to show at first: the descent, about zero where that is near, and no more than where the function is defined. */
  chosen() {
    const { model, run, state } = this.app;
    const start = state.start[0];
    const near = run.points.map((p) => p[0]).filter((x) => Math.abs(x - start) < 4 * (1 + Math.abs(start)));
    const low = Math.min(start, ...near),
      high = Math.max(start, ...near),
      size = Math.max(high - low, 1);
    const far = 1.3 * Math.max(Math.abs(low), Math.abs(high), 1);
    let [from, to] = far < 4 * size + 2 ? [-far, far] : [low - size, high + size];
    const defined = spaced(from, to, 400).filter((x) => Number.isFinite(model.value([x])));
    if (defined.length > 4)
      [from, to] = [
        Math.max(from, defined[0] - 0.03 * (to - from)),
        Math.min(to, defined[defined.length - 1] + 0.03 * (to - from)),
      ];
    return [from, to];
  }

  /** @param {number} factor */
  zoom(factor) {
    const [low, high] = this.domain,
      x = this.app.state.start[0];
    const center = x >= low && x <= high ? x : (low + high) / 2;
    this.app.change({ domain: [center + (low - center) * factor, center + (high - center) * factor] });
  }
}
