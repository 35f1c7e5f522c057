// Aids to reading a plot: the values under the pointer, zooming and moving by wheel, fingers and drags, and switches for the secant and
// the second derivative.

import { h, set } from "./dom.js";
import { digits } from "./formula.js";
import { say, spoken, words } from "./language.js";

/** Tell what is under the pointer. @param {SVGElement} area @param {(x: number, y: number) => string} told of places in the picture
 * @returns {HTMLElement} where it is told */
export function readout(area, told) {
  const output = h("output.readout.number");
  area.addEventListener("pointermove", (event) => {
    const [x, y] = placeIn(area, event);
    output.textContent = told(x, y);
  });
  area.addEventListener("pointerleave", () => (output.textContent = ""));
  return output;
}

/** @param {SVGElement} area @param {MouseEvent} event */
function placeIn(area, event) {
  const svg = /** @type {SVGSVGElement} */ (area.closest("svg"));
  const box = svg.getBoundingClientRect(),
    view = svg.viewBox.baseVal;
  return [
    ((event.clientX - box.left) * view.width) / box.width,
    ((event.clientY - box.top) * view.height) / box.height,
  ];
}

/**
 * Zoom by the wheel with Ctrl (as touch pads pinch) and by two fingers, move by Shift and a drag. The wheel alone, and one finger,
 * scroll the page.
 *
 * @param {SVGElement} area @param {(factor: number, x: number, y: number, dx: number, dy: number) => void} moved by what the ranges
 * grow about a place, and by how much it has moved
 */
export function zoomable(area, moved) {
  area.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const [x, y] = placeIn(area, event);
      moved(Math.exp(Math.max(-1, Math.min(1, event.deltaY / 200))), x, y, 0, 0);
    },
    { passive: false },
  );
  /** @type {Map<number, number[]>} where the fingers are */
  const fingers = new Map();
  const middle = () => {
    const all = [...fingers.values()];
    const [x, y] = [0, 1].map((i) => all.reduce((sum, p) => sum + p[i], 0) / all.length);
    return { x, y, apart: all.length > 1 ? Math.hypot(all[0][0] - all[1][0], all[0][1] - all[1][1]) : 1 };
  };
  const holds = () => fingers.size > 1 || (fingers.size === 1 && shifted);
  let shifted = false;
  const capture = true; // before what drags the point
  area.addEventListener(
    "pointerdown",
    (event) => {
      if (event.pointerType !== "touch" && !event.shiftKey) return;
      shifted = event.shiftKey;
      fingers.set(event.pointerId, placeIn(area, event));
      if (holds()) event.stopImmediatePropagation();
      if (shifted) area.setPointerCapture(event.pointerId);
    },
    capture,
  );
  area.addEventListener(
    "pointermove",
    (event) => {
      if (!fingers.has(event.pointerId)) return;
      const before = middle();
      fingers.set(event.pointerId, placeIn(area, event));
      if (!holds()) return;
      event.stopImmediatePropagation();
      const now = middle();
      moved(before.apart / now.apart, now.x, now.y, now.x - before.x, now.y - before.y);
    },
    capture,
  );
  for (const name of ["pointerup", "pointercancel"])
    area.addEventListener(name, (event) => fingers.delete(/** @type {PointerEvent} */ (event).pointerId), capture);
  area.addEventListener("touchstart", (event) => event.touches.length > 1 && event.preventDefault(), {
    passive: false,
  });
}

/** A range after a zoom about a place and a move. @param {any} scale @param {number} factor @param {number} at @param {number} by */
export function zoomed(scale, factor, at, by) {
  const [low, high] = scale.domain();
  const center = scale.invert(at),
    shift = scale.invert(at - by) - center;
  return [low, high].map((x) => center + (x - center) * factor + shift);
}

/** Zoom and move the view by keys where the point has them: + and −, 0 for the view that was chosen, and the arrows with Ctrl.
 * @param {KeyboardEvent} event @param {import("./app.js").App} app @returns {boolean} whether the key was one of these */
export function viewed(event, app) {
  const { domain } = app.plot;
  const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
  if (event.ctrlKey || event.metaKey) {
    if (!by) return false;
    const tenth = (/** @type {number} */ i) => (domain[2 * i + 1] - domain[2 * i]) / 10;
    app.change({
      domain: domain.map((/** @type {number} */ x, /** @type {number} */ k) => x + by[k >> 1] * tenth(k >> 1)),
    });
  } else if (event.key === "+" || event.key === "=") app.plot.zoom(1 / 1.5);
  else if (event.key === "-") app.plot.zoom(1.5);
  else if (event.key === "0") app.change({ domain: null });
  else return false;
  event.preventDefault();
  event.stopPropagation();
  return true;
}

/** Switches below a curve: the second derivative, and the secant with its step, which becomes the tangent as that shrinks. */
export class Aids {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    const box = (/** @type {() => string} */ title, /** @type {() => void} */ act) => {
      const input = h("input", { type: "checkbox", onchange: act });
      return { input, label: h("label.switch", {}, input, words(title)) };
    };
    this.second = box(
      () => say("Second derivative"),
      () => app.change({ second: this.second.input.checked }),
    );
    this.secant = box(
      () => say("Secant"),
      () => app.change({ secant: this.secant.input.checked ? 1 : 0 }),
    );
    this.range = spoken(
      h("input", {
        type: "range",
        min: -3,
        max: 0.5,
        step: "any",
        oninput: () => app.change({ secant: Number((10 ** Number(this.range.value)).toPrecision(3)) }),
      }),
      "aria-label",
      () => say("The step of the secant"),
    );
    this.told = h("output.number");
    this.step = h("span.secant-step", {}, this.range, this.told);
    this.element = h("div.aids", {}, this.second.label, this.secant.label, this.step);
  }

  draw() {
    const { model, state, run } = this.app;
    this.element.hidden = model.names.length !== 1;
    if (this.element.hidden) return;
    this.second.input.checked = state.second;
    this.secant.input.checked = state.secant > 0;
    this.step.hidden = !state.secant;
    if (!state.secant) return;
    this.range.value = String(Math.log10(state.secant));
    const k = this.app.shownStep(),
      [x] = run.points[k];
    const slope = (model.value([x + state.secant]) - run.losses[k]) / state.secant;
    set(this.range, { "aria-valuetext": `h = ${digits(state.secant, 3)}` });
    this.told.textContent = `h = ${digits(state.secant, 3)}, Δf/h = ${digits(slope, 5)}, f′ = ${digits(run.slopes[k][0], 5)}`;
  }
}
