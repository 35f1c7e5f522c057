// Two variables, or two chosen of many: contours with heat, arrows downhill, the descents, and slices through the point.

import { contours } from "../vendor/d3.js";
import { readout, viewed, zoomable, zoomed } from "./aids.js";
import { traced } from "./breaks.js";
import { h, outline, s, set, sizeOf } from "./dom.js";
import { digits } from "./formula.js";
import { say, spoken, words } from "./language.js";
import { clamp, draggable, gutter, handle, middle, Panel, roomy, spaced } from "./panel.js";

const GRID = 96,
  ARROWS = 13,
  LEVELS = 14;

export class PlanePlot {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.svg = spoken(s("svg", { role: "group", preserveAspectRatio: "xMinYMin" }), "aria-label", () =>
      say("The function over two variables"),
    );
    this.panel = new Panel(this.svg);
    this.heat = s("g.heat");
    this.bands = Array.from({ length: LEVELS }, (_, n) => tinted(s("path.band"), n));
    this.hole = s("path.hole");
    this.heat.append(...this.bands, this.hole);
    this.arrows = s("path.arrows");
    this.runs = s("g");
    this.path = s("path.run.run0");
    this.dots = s("path.dots.run0");
    this.minimum = s("path.minimum");
    this.panel.below.append(this.heat);
    this.labels = s("g.levels");
    this.bar = s("g.bar-of-levels");
    this.panel.over.append(this.bar);
    this.panel.inside.append(this.labels, this.arrows, this.runs, this.path, this.dots, this.minimum);
    this.cross = s("path.drop");
    const [point, around] = handle((e) => this.key(e));
    this.handle = point;
    this.grip = around;
    this.svg.append(this.cross, this.grip, this.handle);
    spoken(this.handle, "aria-label", () =>
      say("The point in the plane: arrow keys move it, + and − zoom, Ctrl and arrow keys move the view"),
    );
    for (const area of [this.grip, this.handle, this.panel.backdrop])
      draggable(
        area,
        (x, y) => this.move(x, y),
        () => app.settle(),
        area !== this.panel.backdrop,
      );
    this.slices = [new Slice(app, 0), new Slice(app, 1)];
    const told = readout(this.panel.backdrop, (px, py) => {
      const { model, run } = app,
        [i, j] = this.axes;
      const x = run.points[app.shownStep()].slice();
      [x[i], x[j]] = [this.panel.x.invert(px), this.panel.y.invert(py)];
      return `${model.names[i]} = ${digits(x[i], 3)}, ${model.names[j]} = ${digits(x[j], 3)}, f = ${digits(model.value(x), 4)}`;
    });
    zoomable(this.panel.backdrop, (factor, x, y, dx, dy) =>
      app.change({ domain: [...zoomed(this.panel.x, factor, x, dx), ...zoomed(this.panel.y, factor, y, dy)] }),
    );
    this.element = h(
      "div.plane",
      {},
      h("figure.plot.square", {}, this.svg, told),
      h(
        "div.slices",
        {},
        h(
          "h2",
          {},
          words(() => say("Slices through the point")),
        ),
        ...this.slices.map((p) => p.element),
      ),
    );
    this.key1 = "";
    this.grid = GRID; // parts of the landscape, across and down
    this.domain = [-1, 1, -1, 1];
  }

  get axes() {
    return this.app.axes();
  }

  /** @param {number} px @param {number} py */
  move(px, py) {
    const [i, j] = this.axes;
    const { box } = this.panel;
    const x = this.panel.x.invert(clamp(px, box.left, box.right)),
      y = this.panel.y.invert(clamp(py, box.top, box.bottom));
    const point = this.app.state.start.slice();
    point[i] = x;
    point[j] = y;
    this.app.moveTo(point, true);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (viewed(event, this.app)) return;
    const [i, j] = this.axes;
    const step = ((this.domain[1] - this.domain[0]) / 200) * (event.shiftKey ? 10 : 1);
    const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowDown: [0, -step], ArrowUp: [0, step] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    const point = this.app.state.start.slice();
    point[i] += by[0];
    point[j] += by[1];
    this.app.moveTo(point, false);
  }

  draw() {
    const { app } = this;
    const { model, run } = app;
    const [i, j] = this.axes;
    const figure = /** @type {HTMLElement} */ (this.element.firstChild);
    const size = sizeOf(figure, app.held);
    const width = Math.max(size.width, 260),
      height = size.height || width;
    set(this.svg, { viewBox: `0 0 ${width} ${height}`, width, height });
    const k = app.shownStep();
    const point = run.points[k];
    this.rescale(width, height, point);
    const place = (/** @type {number[]} */ p) => this.panel.at(p[i], p[j]);
    const [cx, cy] = place(point);
    const { box } = this.panel;
    const seen = { cx: clamp(cx, box.left, box.right), cy: clamp(cy, box.top, box.bottom) };
    for (const c of [this.handle, this.grip]) set(c, seen);
    set(this.handle, {
      "aria-valuemin": this.domain[0],
      "aria-valuemax": this.domain[1],
      "aria-valuenow": point[i],
      "aria-valuetext": `${model.names[i]} = ${digits(point[i])}, ${model.names[j]} = ${digits(point[j])}, f = ${digits(run.losses[k])}`,
    });
    set(this.cross, { d: `M${box.left},${seen.cy}H${box.right}M${seen.cx},${box.top}V${box.bottom}` });
    set(this.path, { d: this.panel.curve(app.way(run).map((p) => [p[i], p[j]])) });
    set(this.dots, { d: dotted(run.points.slice(0, k + 1).map(place)) });
    const lowest = app.dragging ? null : app.lowest();
    const [mx, my] = lowest ? place(lowest) : [0, 0];
    set(this.minimum, { d: lowest ? `M${mx - 7},${my}h14M${mx},${my - 7}v14` : "" });
    this.runs.replaceChildren(
      ...app.kept.flatMap((kept, r) => [
        s(`path.run.run${r + 1}`, { d: this.panel.curve(app.way(kept.run).map((p) => [p[i], p[j]])) }),
        s(`path.dots.run${r + 1}`, { d: dotted(kept.run.points.slice(0, app.shownStep(kept.run) + 1).map(place)) }),
      ]),
      ...app.kept.map(({ run }, r) => {
        const [x, y] = place(run.points[app.shownStep(run)]);
        return s(`circle.runner.run${r + 1}`, { cx: x, cy: y, r: 6 });
      }),
    );
    this.slices.forEach((slice, n) => slice.draw([i, j][n], n ? this.domain.slice(2) : this.domain.slice(0, 2), point));
  }

  /** @param {number} width @param {number} height @param {number[]} point */
  rescale(width, height, point) {
    const { app } = this;
    const { model, state } = app;
    const [i, j] = this.axes;
    const [a, b] = [state.start[i], state.start[j]];
    const outside =
      !app.dragging &&
      !state.domain &&
      (a < this.domain[0] || a > this.domain[1] || b < this.domain[2] || b > this.domain[3]);
    const key = JSON.stringify([model.text, model.names, state.domain, i, j]);
    if (key !== this.key1 || outside) {
      this.key1 = key;
      this.domain = state.domain?.length === 4 ? state.domain : this.chosen();
      this.fieldKey = "";
    }
    const [x0, x1, y0, y1] = this.domain;
    const changed = this.panel.place(
      {
        left: Math.max(width < 500 ? 46 : 58, gutter([y0, y1], height - 52)),
        right: width - 14,
        top: 12,
        bottom: height - 40,
      },
      [x0, x1],
      [y0, y1],
    );
    const coarse = app.dragging && app.stamp !== ""; // while data move, the landscape is drawn in fewer parts
    const others = JSON.stringify([point.filter((_, n) => n !== i && n !== j), app.stamp, coarse]);
    if (others !== this.fieldKey || changed) {
      this.grid = coarse ? GRID / 3 : GRID;
      if (others !== this.fieldKey) this.field = this.values(point);
      this.fieldKey = others;
      this.paint(point);
    }
    this.panel.xTitle.textContent = model.names[i];
    this.panel.yTitle.textContent = model.names[j];
  }

  /** The function's values on a grid, the top row first. @param {number[]} point */
  values(point) {
    const { model } = this.app,
      n = this.grid;
    const [i, j] = this.axes;
    const [x0, x1, y0, y1] = this.domain;
    const x = point.slice();
    const values = new Array(n * n);
    for (let r = 0; r < n; r++) {
      x[j] = y1 - ((r + 0.5) / n) * (y1 - y0);
      for (let c = 0; c < n; c++) {
        x[i] = x0 + ((c + 0.5) / n) * (x1 - x0);
        values[r * n + c] = model.value(x);
      }
    }
    return values;
  }

  /** Contours at levels that lie closer where the function is low, and arrows. @param {number[]} point */
  paint(point) {
    const values = /** @type {number[]} */ (this.field),
      n = Math.sqrt(values.length);
    const [low, high] = middle(values, 0, 0.97);
    const half = (middle(values, 0.5, 0.5)[0] - low) / (high - low || 1);
    const bend = clamp(Math.log(clamp(half, 1e-4, 0.5)) / Math.log(0.5), 1, 5);
    const levels = spaced(0, 1, LEVELS + 1)
      .slice(0, -1)
      .map((t) => low + (high - low) * t ** bend);
    const { left, right, top, bottom } = this.panel.box;
    const sx = (right - left) / n,
      sy = (bottom - top) / n;
    const filled = values.map((v) => (Number.isFinite(v) ? v : v === -Infinity ? low - 1 : high + 1));
    const bands = contours().size([n, n]).thresholds(levels)(filled);
    const torn = values.map((v) => (Number.isNaN(v) ? 1 : 0)),
      holes = torn.includes(1) ? contours().size([n, n]).thresholds([0.5])(torn) : [];
    bands.forEach((band, n) => set(this.bands[n], { d: outline(band.coordinates, left, top, sx, sy) }));
    set(this.hole, { d: holes.map((hole) => outline(hole.coordinates, left, top, sx, sy)).join("") });
    if (n === GRID) this.label(bands, levels, sx, sy);
    else for (const told of [this.labels, this.bar]) told.replaceChildren(); // numbers of a landscape that is changing
    set(this.arrows, { d: this.downhill(point) });
  }

  /** Values on the contours, each where its longest line is lowest and nothing else is written; and a bar of the colours.
   * @param {any[]} bands @param {number[]} levels @param {number} sx @param {number} sy */
  label(bands, levels, sx, sy) {
    const { left, right, top, bottom } = this.panel.box;
    /** @type {number[][]} */
    const taken = [];
    const texts = bands.flatMap((band, n) => {
      if (n % 2 === 0) return [];
      const rings = band.coordinates
        .flat()
        .sort((/** @type {any[]} */ a, /** @type {any[]} */ b) => b.length - a.length);
      const places = (rings[0] ?? [])
        .map(([x, y]) => [left + x * sx, top + y * sy])
        .filter(([x, y]) => x > left + 30 && x < right - 30 && y > top + 30 && y < bottom - 16)
        .filter(([x, y]) => taken.every(([a, b]) => Math.abs(a - x) > 46 || Math.abs(b - y) > 18));
      if (!places.length) return [];
      const [x, y] = places.reduce((a, b) => (b[1] > a[1] ? b : a));
      taken.push([x, y]);
      return [s("text.level", { x, y: y + 4, "text-anchor": "middle" }, digits(levels[n], 2))];
    });
    this.labels.replaceChildren(...texts);
    const width = Math.min(150, (right - left) / 2),
      cell = width / levels.length;
    const cells = levels.map((_, n) =>
      tinted(s("rect.band", { x: left + n * cell, y: bottom + 26, width: cell + 0.5, height: 7 }), n),
    );
    const ends = [levels[0], levels[levels.length - 1]].map((x, i) =>
      s(
        "text.level-end",
        { x: i ? left + width + 4 : left - 4, y: bottom + 33, "text-anchor": i ? "start" : "end" },
        digits(x, 2),
      ),
    );
    this.bar.replaceChildren(...cells, ...ends);
  }

  /** Arrows against the gradient, longer where it is steeper. @param {number[]} point */
  downhill(point) {
    const { model } = this.app;
    const [i, j] = this.axes;
    const { left, right, top, bottom } = this.panel.box;
    const across = right - left,
      down = bottom - top,
      cell = Math.min(across, down) / ARROWS;
    const found = [];
    const x = point.slice();
    for (let px = left + cell / 2; px < right; px += cell) {
      for (let py = top + cell / 2; py < bottom; py += cell) {
        x[i] = this.panel.x.invert(px);
        x[j] = this.panel.y.invert(py);
        const g = model.gradient(x);
        found.push([px, py, -g[i], g[j], Math.hypot(g[i], g[j])]);
      }
    }
    const steep =
      middle(
        found.map((a) => a[4]),
        0.9,
        0.9,
      )[0] || 1;
    return found
      .filter((a) => a[4] > 0 && Number.isFinite(a[4]))
      .map(([px, py, gx, gy, size]) => {
        const length = cell * 0.62 * (0.25 + 0.75 * Math.min(1, size / steep) ** 0.4);
        const [ux, uy] = [gx / size, gy / size];
        const [ex, ey] = [px + (ux * length) / 2, py + (uy * length) / 2];
        const head = Math.min(4, length / 3);
        const wing = (/** @type {number} */ turn) =>
          `${(ex - head * (ux + turn * uy * 0.6)).toFixed(1)},${(ey - head * (uy - turn * ux * 0.6)).toFixed(1)}`;
        return `M${(px - (ux * length) / 2).toFixed(1)},${(py - (uy * length) / 2).toFixed(1)}L${ex.toFixed(1)},${ey.toFixed(1)}M${wing(1)}L${ex.toFixed(1)},${ey.toFixed(1)}L${wing(-1)}`;
      })
      .join("");
  }

  /** A square about the descent, and about the origin where that is near. */
  chosen() {
    const { run, state } = this.app;
    const [i, j] = this.axes;
    const start = state.start;
    const reach = 6 * (1 + Math.hypot(start[i], start[j]));
    const lowest = this.app.lowest();
    const near = [start, ...run.points, ...(lowest ? [lowest] : [])].filter(
      (p) => Math.hypot(p[i] - start[i], p[j] - start[j]) < reach,
    );
    const [a, b] = [i, j].map((n) => [Math.min(...near.map((p) => p[n])), Math.max(...near.map((p) => p[n]))]);
    const size = Math.max(a[1] - a[0], b[1] - b[0], 1);
    const far = 1.25 * Math.max(...[...a, ...b].map(Math.abs), 0.8);
    if (far < 2.5 * size) return [-far, far, -far, far];
    const [cx, cy, half] = [(a[0] + a[1]) / 2, (b[0] + b[1]) / 2, size * 0.8];
    return [cx - half, cx + half, cy - half, cy + half];
  }

  /** @param {number} factor */
  zoom(factor) {
    const [x0, x1, y0, y1] = this.domain;
    const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
    this.app.change({
      domain: [cx + (x0 - cx) * factor, cx + (x1 - cx) * factor, cy + (y0 - cy) * factor, cy + (y1 - cy) * factor],
    });
  }
}

/** In the colour of a level. @param {SVGElement} element @param {number} n */
function tinted(element, n) {
  element.style.setProperty("--level", `${(100 * n) / (LEVELS - 1)}%`);
  return element;
}

/** @param {number[][]} places */
function dotted(places) {
  return places
    .slice(0, 400)
    .map(([x, y]) => `M${x.toFixed(1)},${y.toFixed(1)}h0`)
    .join("");
}

/** The function along one variable, the others as they are at the point. */
class Slice {
  /** @param {import("./app.js").App} app @param {number} n */
  constructor(app, n) {
    this.app = app;
    this.svg = s("svg", { "aria-hidden": "true" });
    this.element = h("figure.plot.slice", {}, this.svg);
    this.panel = new Panel(this.svg);
    this.curve = s("path.curve");
    this.tangent = s("path.tangent");
    this.point = s("circle.loss-point", { r: 5 });
    this.panel.inside.append(this.curve, this.tangent);
    this.panel.over.append(this.point);
    this.n = n;
    draggable(
      this.panel.backdrop,
      (x) => app.moveStart(app.axes()[this.n], this.panel.x.invert(x), true),
      () => app.settle(),
    );
  }

  /** @param {number} i @param {number[]} domain @param {number[]} point */
  draw(i, domain, point) {
    const { model } = this.app;
    const size = sizeOf(this.element, this.app.held);
    if (!size.width) return; // the data have its place
    const width = Math.max(size.width, 200),
      height = size.height || 170;
    set(this.svg, { viewBox: `0 0 ${width} ${height}`, width, height });
    const x = point.slice();
    const { points, breaks } = traced((t) => ((x[i] = t), model.value(x)), domain[0], domain[1], 120);
    const [low, high] = middle(
      points.map((p) => p[1]),
      0,
      0.9,
    );
    const y = model.value(point),
      slope = model.gradient(point)[i];
    const range = roomy(Math.min(low, y || low), Math.max(high, y || high), 0.1);
    const left = Math.max(52, gutter(range, height - 50));
    this.panel.place({ left, right: width - 10, top: 8, bottom: height - 42 }, domain, range);
    set(this.curve, { d: this.panel.curve(points) });
    this.panel.mark(breaks);
    const at = this.panel.at(point[i], y);
    set(this.point, { cx: at[0], cy: Number.isFinite(y) ? at[1] : -99 });
    set(this.tangent, { d: Number.isFinite(slope) ? this.panel.straight(point[i], y, slope) : "" });
    this.panel.xTitle.textContent = model.names[i];
    this.panel.yTitle.textContent = `∂f/∂${model.names[i]} = ${digits(slope, 4)}`;
    this.panel.titleAside(points);
  }
}
