// A tour for those who see the page for the first time: five stops, a few words above what each is about. They stand in the page's
// flow, so nothing is covered and everything can be used meanwhile; Escape ends it.

import { h } from "./dom.js";
import { say, spoken, words } from "./language.js";

/** @type {[string, () => string][]} what each stop is about, and its words */
const STOPS = [
  [".function", () => say("Type a function of your own, or choose an example. Its derivative is written below it.")],
  [
    ".stage",
    () => say("Drag the point, or move it by the arrow keys: the slope follows, and the descent begins there."),
  ],
  [
    ".player",
    () => say("Play the descent, or go through it step by step. A race lays several optimisers over one another."),
  ],
  [
    ".rate",
    () =>
      say(
        "The learning rate says how long the steps are. The strip above the slider tells what becomes of the descent at each rate: where it converges, and from where on it diverges.",
      ),
  ],
  [
    ".chain",
    () => say("The function, part by part: step through it, and see values go forward and gradients come back."),
  ],
];

export class Tour {
  constructor() {
    this.at = -1; // the stop; -1: no tour
    const button = (/** @type {() => string} */ title, /** @type {() => void} */ act) =>
      h("button", { type: "button", onclick: act }, words(title));
    this.button = button(
      () => say("Tour"),
      () => this.go(0),
    );
    this.button.setAttribute("aria-expanded", "false");
    this.count = h("span.note.number");
    this.text = h("p", { id: "tour-text" });
    this.back = button(
      () => say("Back"),
      () => this.go(this.at - 1),
    );
    this.next = button(
      () => (this.at === STOPS.length - 1 ? say("Done") : say("Next")),
      () => (this.at === STOPS.length - 1 ? this.end() : this.go(this.at + 1)),
    );
    this.next.setAttribute("aria-describedby", this.text.id);
    this.next.classList.add("primary");
    const close = h("button.icon", { type: "button", onclick: () => this.end() }, "×");
    spoken(close, "aria-label", () => say("End the tour"));
    this.card = spoken(
      h("div.tour", { role: "group" }, this.text, h("div.buttons", {}, this.count, this.back, this.next, close)),
      "aria-label",
      () => say("Tour"),
    );
    addEventListener("keydown", (event) => event.key === "Escape" && this.at >= 0 && this.end());
  }

  /** @param {number} stop */
  go(stop) {
    this.leave();
    this.at = stop;
    const [place] = STOPS[stop];
    const target = /** @type {Element} */ (document.querySelector(place));
    target.classList.add("toured");
    target.before(this.card);
    this.button.setAttribute("aria-expanded", "true");
    this.back.disabled = stop === 0;
    this.draw();
    this.next.focus({ preventScroll: true });
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.card.scrollIntoView({ block: "start", behavior: calm ? "auto" : "smooth" });
  }

  leave() {
    document.querySelector(".toured")?.classList.remove("toured");
    this.card.remove();
  }

  end() {
    this.leave();
    this.at = -1;
    this.button.setAttribute("aria-expanded", "false");
    this.button.focus();
  }

  /** The words, in the language of the page. */
  draw() {
    if (this.at < 0) return;
    this.count.textContent = `${this.at + 1} / ${STOPS.length}`;
    this.text.textContent = STOPS[this.at][1]();
    this.next.firstChild.data = this.at === STOPS.length - 1 ? say("Done") : say("Next");
  }
}
