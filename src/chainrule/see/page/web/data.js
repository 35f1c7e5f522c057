// The data beside the landscape, with what the model says of them at the point: a curve with what it leaves below, or of plane
// data a decision picture.
// Points are dragged, or moved by keys, and the landscape changes with them.

import { contours } from "../vendor/d3.js";
import { h, outline, s, set, sizeOf } from "./dom.js";
import { digits } from "./formula.js";
import { language, say, spoken, words } from "./language.js";
import { clamp, draggable, gutter, Panel, roomy, spaced } from "./panel.js";

const SAMPLES = 160,
  GRID = 48,
  LEFT = 150; // pixels for what is left below the curve

export class DataPlot {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.svg = spoken(s("svg", { role: "group" }), "aria-label", () => say("The data and the model"));
    this.panel = new Panel(this.svg);
    this.lower = s("g"); // not there where the data lie in a plane
    this.svg.append(this.lower);
    this.under = new Panel(this.lower, { yTitle: "y − ŷ" });
    this.sticks = s("path.errors");
    this.left = s("path.left");
    this.under.inside.append(this.sticks, this.left);
    this.total = s("text.total", { "text-anchor": "end" });
    this.under.over.append(this.total);
    this.span = 0;
    this.field = s("g.decision");
    this.errors = s("path.errors");
    this.curves = s("g");
    this.points = s("g");
    this.panel.below.append(this.field);
    this.panel.inside.append(this.errors, this.curves);
    this.svg.append(this.points);
    this.note = h(
      "p.note",
      {},
      words(() =>
        say(
          "Drag the points, or move them by the arrow keys (Page Up and Page Down choose one): the landscape changes.",
        ),
      ),
    );
    this.element = h("figure.plot.data", {}, this.svg, this.note);
    /** @type {SVGElement[]} */
    this.circles = [];
    /** @type {string[]} how each was drawn last */
    this.marked = [];
    this.key = "";
    /** @type {number[][] | null} from where to where the axes go */
    this.ranges = null;
  }

  get data() {
    return /** @type {import("./model.js").Data} */ (this.app.model.data);
  }

  /** The numbers as they were moved last, which may be more than the last frame has drawn. */
  get numbers() {
    return this.app.state.data ?? this.data.numbers;
  }

  /** The coordinates of a point, and what is wanted there. @param {number} k */
  at(k) {
    const { numbers } = this,
      { size, count } = this.data;
    return { u: numbers.slice(size * k, size * (k + 1)), y: numbers[size * count + k] };
  }

  /** Where a point is drawn: of plane data at its coordinates, else its value upward. @param {number} k */
  place(k) {
    const { u, y } = this.at(k);
    return this.data.size === 2 ? u : [u[0], y];
  }

  /** Move a point to where it would be drawn. @param {number} k @param {number} across @param {number} up @param {boolean} dragging */
  move(k, across, up, dragging) {
    const { app } = this;
    const { size, count } = this.data;
    const moved = this.numbers.slice();
    const put = (/** @type {number} */ i, /** @type {number} */ x) =>
      (moved[i] = moved[i] === x ? x : Number(x.toPrecision(5)));
    put(size * k, across);
    put(size === 2 ? size * k + 1 : size * count + k, up);
    app.dragging = dragging;
    app.change({ data: moved });
  }

  /** Which places are in view: all points, with room; while one is dragged, as before. */
  scale() {
    if (this.ranges && this.app.dragging) return this.ranges;
    const places = Array.from({ length: this.data.count }, (_, k) => this.place(k));
    return (this.ranges = [0, 1].map((i) => {
      const all = places.map((p) => p[i]);
      return roomy(Math.min(...all), Math.max(...all), 0.15);
    }));
  }

  draw() {
    const { app } = this;
    this.element.hidden = !app.model.data;
    if (!app.model.data) return;
    this.element.classList.toggle("lined", this.data.size === 1);
    const size = sizeOf(this.svg, app.held);
    const width = Math.max(size.width, 240),
      height = size.height || 320;
    set(this.svg, { viewBox: `0 0 ${width} ${height}`, width, height });
    const [xs, ys] = this.scale();
    const plane = this.data.size === 2;
    set(this.lower, { display: plane ? "none" : null });
    const point = app.run.points[app.shownStep()];
    const rest = plane ? [] : this.rest(point);
    const gutters = [ys, [-this.span, this.span]].map((range) => gutter(range, height - 52));
    const box = { left: Math.max(46, ...gutters), right: width - 14, top: 12, bottom: height - (plane ? 40 : LEFT) };
    this.panel.xTicks = plane;
    this.panel.place(box, xs, ys);
    this.panel.xTitle.textContent = plane ? "x₁" : "";
    this.panel.yTitle.textContent = plane ? "x₂" : "y";
    if (plane) this.decide(point, xs, ys);
    else {
      this.trace(point, xs);
      this.remain(rest, { ...box, top: box.bottom + 14, bottom: height - 40 }, xs);
    }
    this.mark();
  }

  /** How far each of the data lies above the model, and in `span` the range to draw that in. @param {number[]} point */
  rest(point) {
    const rest = Array.from({ length: this.data.count }, (_, k) => this.at(k)).map(
      ({ u, y }) => y - this.data.predict(point, u),
    );
    const most = Math.max(...rest.filter(Number.isFinite).map(Math.abs), 0);
    if (most > this.span || most < this.span / 4) this.span = 1.25 * most || 1; // else as before, so that it is still
    return rest;
  }

  /** What the model leaves of the data, and its sum below the curve. @param {number[]} rest
   * @param {{left: number, right: number, top: number, bottom: number}} box @param {number[]} xs */
  remain(rest, box, xs) {
    const { app, under } = this;
    under.place(box, xs, [-this.span, this.span]);
    under.xTitle.textContent = "x";
    const ends = rest.map((r, k) => under.at(this.at(k).u[0], r)),
      zero = under.at(0, 0)[1];
    const path = (/** @type {(x: string, y: string) => string} */ one) =>
      ends
        .filter(([, y]) => Number.isFinite(y))
        .map(([x, y]) => one(x.toFixed(1), y.toFixed(1)))
        .join("");
    set(this.sticks, { d: path((x, y) => `M${x},${zero.toFixed(1)}V${y}`) });
    set(this.left, { d: path((x, y) => `M${x},${y}m-3,0a3,3 0 1,0 6,0a3,3 0 1,0 -6,0`) });
    this.total.textContent = `${app.model.letter} = ${digits(app.run.losses[app.shownStep()], 4)}`;
    set(this.total, { x: box.right - 8, y: box.top + 18 });
  }

  /** The model's curve at the point of each run, and how far the data are from that in hand. @param {number[]} point @param {number[]} xs */
  trace(point, xs) {
    const { app, panel } = this;
    const { predict, count } = this.data;
    const along = spaced(xs[0], xs[1], SAMPLES);
    const curve = (/** @type {number[]} */ p) => panel.curve(along.map((x) => [x, predict(p, [x])]));
    this.curves.replaceChildren(
      ...app.kept.map(({ run }, i) => s(`path.fit.run${i + 1}`, { d: curve(run.points[app.shownStep(run)]) })),
      s("path.fit.run0", { d: curve(point) }),
    );
    const sticks = Array.from({ length: count }, (_, k) => {
      const { u, y } = this.at(k);
      const [x, from] = panel.at(u[0], y),
        [, to] = panel.at(u[0], predict(point, u));
      return `M${x.toFixed(1)},${from.toFixed(1)}V${to.toFixed(1)}`;
    });
    set(this.errors, { d: sticks.join("") });
  }

  /** What the model says over the plane: where it is above the middle of what is wanted, and where below.
   * @param {number[]} point @param {number[]} xs @param {number[]} ys */
  decide(point, xs, ys) {
    const { predict, count, size, numbers } = this.data;
    const wanted = numbers.slice(size * count);
    // What is said of classes 0 and 1 is mostly a logit: it is parted at 0, and else in the middle.
    const logits = wanted.every((y) => y === 0 || y === 1);
    this.middle = logits ? 0 : (Math.min(...wanted) + Math.max(...wanted)) / 2;
    const values = [];
    for (let r = 0; r < GRID; r++)
      for (let c = 0; c < GRID; c++)
        values.push(
          predict(point, [xs[0] + ((c + 0.5) / GRID) * (xs[1] - xs[0]), ys[1] - ((r + 0.5) / GRID) * (ys[1] - ys[0])]) -
            this.middle,
        );
    const sizes = values.map(Math.abs).sort((a, b) => a - b);
    const far = sizes[Math.floor(0.95 * sizes.length)] || 1;
    const levels = [-0.6, -0.3, -0.1, 0, 0.1, 0.3, 0.6].map((t) => t * far);
    const { left, right, top, bottom } = this.panel.box;
    const [sx, sy] = [(right - left) / GRID, (bottom - top) / GRID];
    const bands = contours()
      .size([GRID, GRID])
      .thresholds([-1e300, ...levels])(values);
    this.field.replaceChildren(
      ...bands.map((band, i) => s(`path.side.side${i}`, { d: outline(band.coordinates, left, top, sx, sy) })),
    );
  }

  /** The points themselves, each of which can be dragged and moved by keys. */
  mark() {
    const { count, size } = this.data;
    if (this.circles.length !== count) {
      this.circles = Array.from({ length: count }, (_, k) => this.circle(k));
      this.marked = [];
      this.points.replaceChildren(...this.circles);
    }
    const { box } = this.panel;
    this.circles.forEach((circle, k) => {
      const [x, y] = this.place(k),
        [cx, cy] = this.panel.at(x, y);
      const high = size === 2 && this.at(k).y > (this.middle || 0.5);
      const key = [cx, cy, high, x, y, language()].join();
      if (this.marked[k] === key) return; // of many points one is dragged
      this.marked[k] = key;
      set(circle, {
        cx: clamp(cx, box.left, box.right),
        cy: clamp(cy, box.top, box.bottom),
        class: `datum${size === 2 ? (high ? " high" : " low-class") : ""}`,
        "aria-label": say("Point {k}: arrow keys move it, Page Up and Page Down go to its neighbours", { k: k + 1 }),
        "aria-valuenow": y,
        "aria-valuetext": `${digits(x, 4)}, ${digits(y, 4)}`,
      });
    });
  }

  /** Go by a key to the point beside one, from left to right, or to the first or last. @param {number} k @param {string} key */
  choose(k, key) {
    const across = [...this.circles.keys()].sort((a, b) => this.place(a)[0] - this.place(b)[0]);
    const at = across.indexOf(k),
      last = across.length - 1;
    const to = { PageUp: Math.max(at - 1, 0), PageDown: Math.min(at + 1, last), Home: 0, End: last }[key];
    if (to === undefined) return false;
    this.circles[k].setAttribute("tabindex", "-1"); // Tab comes to one of them, and goes on
    this.circles[across[to]].setAttribute("tabindex", "0");
    this.circles[across[to]].focus();
    return true;
  }

  /** @param {number} k @returns {SVGElement} */
  circle(k) {
    const { app } = this;
    const onkeydown = (/** @type {KeyboardEvent} */ event) => {
      if (this.choose(k, event.key)) {
        event.preventDefault();
        event.stopPropagation();
        return;
      }
      const { x, y } = this.panel;
      const [dx, dy] = [x.domain(), y.domain()].map(([low, high]) => ((high - low) / 100) * (event.shiftKey ? 10 : 1));
      const by = { ArrowLeft: [-dx, 0], ArrowRight: [dx, 0], ArrowDown: [0, -dy], ArrowUp: [0, dy] }[event.key];
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      const [px, py] = this.place(k);
      this.move(k, px + by[0], py + by[1], false);
    };
    const made = s("circle.datum", { r: 6, tabindex: k ? -1 : 0, role: "slider", onkeydown });
    draggable(
      made,
      (px, py) => this.move(k, this.panel.x.invert(px), this.panel.y.invert(py), true),
      () => app.settle(),
      true,
    );
    return made;
  }
}
