// The chain rule in motion: values go forward part by part, then gradients come back, each with its sentence.

import { h } from "./dom.js";
import { digits } from "./formula.js";
import { say, spoken, words } from "./language.js";

const PAUSE = 1400; // milliseconds between the steps when it is played

/** @typedef {{box: Element, name: string, formula: string, isResult: boolean, isVariable: boolean}} Part */
/** @typedef {{from: number, to: number, element: Element, label: Element}} Wire */

export class Motion {
  constructor() {
    /** @type {Part[]} in the order in which values are computed */
    this.parts = [];
    /** @type {Wire[]} */
    this.wires = [];
    /** @type {{values: number[], locals: number[], gradients: number[]} | null} */
    this.numbers = null;
    this.at = -1; // the step that is shown; -1: all at once
    this.sentence = h("p.sentence", { role: "status" });
    const button = (/** @type {() => string} */ title, /** @type {() => void} */ act) =>
      h("button", { type: "button", onclick: act }, words(title));
    this.playButton = button(
      () => say("Play the chain rule"),
      () => this.play(),
    );
    this.element = h(
      "div.motion",
      {},
      this.playButton,
      spoken(h("button.icon", { type: "button", onclick: () => this.go(this.at - 1) }, "‹"), "aria-label", () =>
        say("One part back"),
      ),
      spoken(h("button.icon", { type: "button", onclick: () => this.go(this.at + 1) }, "›"), "aria-label", () =>
        say("One part forward"),
      ),
      this.sentence,
    );
  }

  /** Take another picture. @param {Part[]} parts @param {Wire[]} wires */
  adopt(parts, wires) {
    [this.parts, this.wires] = [parts, wires];
    this.stop();
    this.at = -1;
  }

  get last() {
    return this.parts.filter((p) => !p.isVariable).length + this.parts.length - 1;
  }

  play() {
    if (this.timer) return this.stop();
    this.go(this.at >= this.last || this.at < 0 ? 0 : this.at + 1);
    this.timer = setInterval(() => (this.at < this.last ? this.go(this.at + 1) : this.stop()), PAUSE);
  }

  stop() {
    clearInterval(this.timer);
    this.timer = 0;
  }

  /** @param {number} step */
  go(step) {
    this.at = step > this.last ? -1 : Math.max(step, -1);
    this.draw();
  }

  /** Which part a step is about, and whether gradients come back already. */
  now() {
    const forward = this.parts.flatMap((p, i) => (p.isVariable ? [] : [i]));
    if (this.at < forward.length) return { i: forward[this.at], back: false };
    return { i: this.parts.length - 1 - (this.at - forward.length), back: true };
  }

  draw() {
    const all = this.at < 0 || !this.numbers;
    const { i, back } = all ? { i: -1, back: true } : this.now();
    this.parts.forEach(({ box, isVariable }, k) => {
      box.classList.toggle("active", k === i);
      box.classList.toggle("no-value", !all && !back && !isVariable && k > i);
      box.classList.toggle("no-gradient", !all && (!back || k < i));
    });
    for (const { from, to, element, label } of this.wires) {
      const used = !all && (back ? from === i : to === i);
      element.classList.toggle("active", used);
      element.classList.toggle("back", used && back);
      label.classList.toggle("active", used && back);
    }
    this.sentence.textContent = all ? "" : this.told(i, back);
  }

  /** @param {number} i @param {boolean} back */
  told(i, back) {
    const { values, locals, gradients } = /** @type {any} */ (this.numbers);
    const { name, formula, isResult } = this.parts[i];
    const number = (/** @type {number} */ x) => (x < 0 ? `(${digits(x, 4)})` : digits(x, 4));
    if (!back) return say("Forward: {name} = {formula} = {value}", { name, formula, value: digits(values[i], 5) });
    if (isResult) return say("Back: the derivative of the result with respect to itself is 1.");
    const ways = this.wires.flatMap((w, k) =>
      w.from === i ? [`${number(gradients[w.to])} · ${number(locals[k])}`] : [],
    );
    const sum = `∂f/∂${name} = ${ways.join(" + ")} = ${digits(gradients[i], 5)}`;
    return ways.length > 1
      ? say("Back: {sum}: a sum, as {n} paths meet here.", { sum, n: ways.length })
      : say("Back: {sum}: the gradient of the next part times the local derivative.", { sum });
  }
}
