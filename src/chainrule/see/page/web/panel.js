// A pair of axes in an SVG, with scales, grid, and a clipped place for curves. It is drawn anew only when it changes.

import { axisBottom, axisLeft, line, scaleLinear, scaleLog, select } from "../vendor/d3.js";
import { s, set } from "./dom.js";
import { trimmed } from "./formula.js";

let count = 0;

export class Panel {
  /** @param {SVGElement} svg @param {{xTitle?: string, yTitle?: string, xTicks?: boolean}} [options] */
  constructor(svg, { xTitle = "", yTitle = "", xTicks = true } = {}) {
    this.torn = s("path.torn"); // asymptotes
    this.ends = s("path.ends"); // both sides of a jump
    this.xTicks = xTicks;
    this.clip = `clip${count++}`;
    this.clipRect = s("rect");
    this.backdrop = s("rect.backdrop");
    this.below = s("g", { "clip-path": `url(#${this.clip})` });
    this.xAxis = s("g.axis");
    this.yAxis = s("g.axis");
    this.inside = s("g", { "clip-path": `url(#${this.clip})` });
    this.over = s("g");
    this.inside.append(this.torn, this.ends);
    this.xTitle = s("text.title", { "text-anchor": "end" }, xTitle);
    this.yTitle = s("text.title", {}, yTitle);
    // What is drawn lies over the backdrop, which takes the pointer.
    for (const layer of [this.below, this.xAxis, this.yAxis, this.inside, this.xTitle, this.yTitle, this.over])
      set(layer, { "pointer-events": "none" });
    svg.append(
      s("clipPath", { id: this.clip }, this.clipRect),
      this.backdrop,
      this.below,
      this.xAxis,
      this.yAxis,
      this.inside,
      this.xTitle,
      this.yTitle,
      this.over,
    );
    this.key = "";
    this.x = scaleLinear();
    /** @type {any} */
    this.y = scaleLinear();
    this.box = { left: 0, top: 0, right: 1, bottom: 1 };
  }

  /** @param {{left: number, top: number, right: number, bottom: number}} box @param {number[]} xs @param {number[]} ys @param {boolean} [logarithmic] */
  place(box, xs, ys, logarithmic = false) {
    const key = JSON.stringify([box, xs, ys, logarithmic]);
    if (key === this.key) return false;
    this.key = key;
    this.box = box;
    this.x = scaleLinear(xs, [box.left, box.right]);
    this.y = logarithmic ? scaleLog(ys, [box.bottom, box.top]) : scaleLinear(ys, [box.bottom, box.top]);
    const width = box.right - box.left,
      height = box.bottom - box.top;
    for (const rect of [this.clipRect, this.backdrop]) set(rect, { x: box.left, y: box.top, width, height });
    const most = Math.max(3, Math.min(9, Math.round(width / 80)));
    const long = Math.max(...labels(this.x.ticks(most)).map((t) => t.length));
    const across = Math.max(2, Math.min(most, Math.floor(width / (8 * long + 14)))),
      up = rows(height);
    const below = axisBottom(this.x).ticks(across).tickSize(-height).tickPadding(8);
    below.tickFormat(this.xTicks ? labelled(this.x.ticks(across)) : () => "");
    const left = axisLeft(this.y)
      .ticks(up, logarithmic ? "~g" : undefined)
      .tickSize(-width)
      .tickPadding(8);
    if (!logarithmic) left.tickFormat(labelled(this.y.ticks(up)));
    select(this.xAxis).attr("transform", `translate(0,${box.bottom})`).call(below);
    select(this.yAxis).attr("transform", `translate(${box.left},0)`).call(left);
    for (const axis of [this.xAxis, this.yAxis])
      for (const tick of axis.querySelectorAll(".tick"))
        tick.classList.toggle("zero", tick.__data__ === 0 && !logarithmic);
    set(this.xTitle, { x: box.right, y: box.bottom + 34 });
    set(this.yTitle, { x: box.left + 8, y: box.top + 18, "text-anchor": "start" });
    return true;
  }

  /** Put the title of the upward axis into a corner where no curve runs. @param {number[][]} points */
  titleAside(points) {
    const { left, right, top, bottom } = this.box;
    const width = 9 * (this.yTitle.textContent ?? "").length;
    const places = [left + 8, right - 8].flatMap((x) => [top + 18, bottom - 10].map((y) => [x, y]));
    const corners = places.map(([x, y]) => ({ x, y, from: x < (left + right) / 2 ? x : x - width }));
    const [best] = clearest(
      corners.map((c) => ({ ...c, to: c.from + width, top: c.y - 15, bottom: c.y + 5 })),
      points.map(([x, y]) => this.at(x, y)),
    );
    set(this.yTitle, { x: best.x, y: best.y, "text-anchor": best.from === best.x ? "start" : "end" });
  }

  /** A point in pixels, kept where SVG can draw it. @param {number} x @param {number} y */
  at(x, y) {
    const far = 2e4;
    return [clamp(this.x(x), -far, far), clamp(this.y(y), -far, far)];
  }

  /** A straight line through a point, across the whole panel. @param {number} x @param {number} y @param {number} slope */
  straight(x, y, slope) {
    const [low, high] = this.x.domain();
    return (
      line()(
        [low, high].map(
          (t) => /** @type {[number, number]} */ ([this.x(t), clamp(this.y(y + slope * (t - x)), -1e6, 1e6)]),
        ),
      ) ?? ""
    );
  }

  /** Mark what tears a curve: a pole by its asymptote, a jump by rings at its ends. @param {import("./breaks.js").Break[]} breaks */
  mark(breaks) {
    const { top, bottom } = this.box;
    const poles = breaks.filter((b) => b.kind === "pole").map((b) => this.x(b.x));
    set(this.torn, { d: poles.map((x) => `M${x.toFixed(1)},${top}V${bottom}`).join("") });
    const jumps = breaks.filter((b) => b.kind === "jump").flatMap((b) => [this.at(b.x, b.left), this.at(b.x, b.right)]);
    set(this.ends, {
      d: jumps.map(([x, y]) => `M${(x - 3).toFixed(1)},${y.toFixed(1)}a3,3 0 1,0 6,0a3,3 0 1,0 -6,0`).join(""),
    });
  }

  /** A curve through points, broken where there is no number, and where it leaps from beyond one edge to beyond the other.
   * @param {number[][]} points */
  curve(points) {
    const { top, bottom } = this.box;
    /** @type {(number[] | null)[]} */
    const placed = [];
    /** @type {number[] | null} */
    let last = null;
    for (const [x, y] of points) {
      const p = Number.isFinite(y) ? this.at(x, y) : null;
      if (p && last && ((p[1] < top && last[1] > bottom) || (p[1] > bottom && last[1] < top))) placed.push(null);
      placed.push(p);
      last = p;
    }
    return line().defined((p) => p !== null)(/** @type {[number, number][]} */ (placed)) ?? "";
  }
}

/** Boxes from the one with the fewest of some places in it to that with the most. @template {{from: number, to: number, top: number, bottom: number}} B
 * @param {B[]} boxes @param {number[][]} places @returns {B[]} */
export function clearest(boxes, places) {
  const inside = (/** @type {B} */ b) =>
    places.filter(([x, y]) => x > b.from - 3 && x < b.to + 3 && y > b.top - 3 && y < b.bottom + 3).length;
  return boxes
    .map((b, i) => ({ b, n: inside(b), i }))
    .sort((a, b) => a.n - b.n || a.i - b.i)
    .map(({ b }) => b);
}

/** How many ticks go up a height. @param {number} height */
const rows = (height) => Math.max(2, Math.min(7, Math.round(height / 45)));

/** How ticks are written: as far as they differ, with a power of ten where they would be long. @param {number[]} ticks @returns {(x: any) => string} */
function labelled(ticks) {
  const big = Math.max(...ticks.map(Math.abs)),
    step = Math.abs(ticks[1] - ticks[0]) || big;
  const figures = clamp(Math.ceil(Math.log10(big / step) - 1e-9) + 1, 1, 15);
  const places = clamp(Math.ceil(-Math.log10(step) - 1e-9), 0, 20);
  const powers = big >= 1e5 || (step < 1e-3 && big < 1e-2);
  return (/** @type {number} */ x) => {
    if (x === 0) return "0";
    if (powers) return trimmed(x.toExponential(figures));
    return (Math.round(x / step) * step).toFixed(places).replace("-", "−"); // as many decimals in each
  };
}

/** @param {number[]} ticks */
const labels = (ticks) => (ticks.length ? ticks.map(labelled(ticks)) : [""]);

/** How much room the labels of an upward axis take. @param {number[]} range @param {number} height @param {boolean} [logarithmic] */
export function gutter(range, height, logarithmic = false) {
  const texts = logarithmic ? ["1e+100"] : labels(scaleLinear(range, [0, 1]).ticks(rows(height)));
  return 16 + 7 * Math.max(...texts.map((t) => t.length));
}

/** @param {number} x @param {number} low @param {number} high */
export function clamp(x, low, high) {
  return x > low ? Math.min(x, high) : low; // what is not a number goes low
}

/** Evenly spaced numbers. @param {number} from @param {number} to @param {number} n */
export function spaced(from, to, n) {
  return Array.from({ length: n }, (_, i) => from + ((to - from) * i) / (n - 1));
}

/** A range with room around it. @param {number} low @param {number} high @param {number} [part] @returns {[number, number]} */
export function roomy(low, high, part = 0.08) {
  const room = (high - low) * part || Math.abs(high) * 0.5 || 1;
  return [low - room, high + room];
}

/** What lies between two shares of some numbers, leaving out what is not finite. @param {number[]} values @param {number} low @param {number} high @returns {[number, number]} */
export function middle(values, low, high) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (!sorted.length) return [-1, 1];
  const at = (/** @type {number} */ share) => sorted[Math.round(share * (sorted.length - 1))];
  return [at(low), at(high)];
}

/**
 * The point that is dragged or moved by keys, and a larger circle around it that is easier to grip.
 *
 * @param {(e: KeyboardEvent) => void} key @returns {[SVGElement, SVGElement]}
 */
export function handle(key) {
  return [s("circle.handle", { r: 9, tabindex: 0, role: "slider", onkeydown: key }), s("circle.grip", { r: 26 })];
}

/** Let a pointer drag over an element: `moved` gets each place, `ended` its end. A finger drags a grip alone: elsewhere it
 * scrolls the page, and only a tap counts. @param {Element} element
 * @param {(x: number, y: number, event: PointerEvent) => void} moved @param {() => void} ended @param {boolean} [grip] */
export function draggable(element, moved, ended, grip = false) {
  let dragging = false;
  /** @type {PointerEvent | null} */
  let touched = null;
  const tell = (/** @type {PointerEvent} */ event) => {
    const svg = /** @type {SVGSVGElement} */ (element.closest("svg"));
    const box = svg.getBoundingClientRect();
    const view = svg.viewBox.baseVal;
    moved(
      ((event.clientX - box.left) * view.width) / box.width,
      ((event.clientY - box.top) * view.height) / box.height,
      event,
    );
  };
  const end = () => {
    touched = null;
    if (dragging) ((dragging = false), ended());
  };
  set(element, {
    onpointerdown: (/** @type {PointerEvent} */ event) => {
      if (event.button !== 0) return;
      if (event.pointerType === "touch" && !grip) return void (touched = event);
      dragging = true;
      element.setPointerCapture(event.pointerId);
      tell(event);
    },
    onpointermove: (/** @type {PointerEvent} */ event) => dragging && tell(event),
    onpointerup: (/** @type {PointerEvent} */ event) => {
      const still = touched && Math.hypot(event.clientX - touched.clientX, event.clientY - touched.clientY) < 10;
      if (still) ((dragging = true), tell(event));
      end();
    },
    onpointercancel: end,
  });
  // Where a browser does not know touch-action inside of SVG, this keeps the page from scrolling.
  if (grip) element.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
}
