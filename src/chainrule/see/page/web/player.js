// The descent step by step: forwards, back, at a speed; and the numbers of the step that is shown.

import { h, s, set } from "./dom.js";
import { digits } from "./formula.js";
import { say, spoken, words } from "./language.js";

/** @type {Record<string, string>} */
const ICONS = {
  first: "M4 4h2v12H4zM16 4l-8 6 8 6z",
  back: "M13 4L5 10l8 6z",
  play: "M6 3.5l10 6.5-10 6.5z",
  pause: "M6 4h3v12H6zM12 4h3v12h-3z",
  next: "M7 4l8 6-8 6z",
  last: "M14 4h2v12h-2zM4 4l8 6-8 6z",
};

export class Player {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    const button = (/** @type {string} */ icon, /** @type {() => string} */ title, /** @type {() => void} */ act) => {
      const made = h(
        "button.icon",
        { type: "button", onclick: act },
        s("svg", { viewBox: "0 0 20 20", width: 20, height: 20, "aria-hidden": "true" }, s("path", { d: ICONS[icon] })),
      );
      spoken(made, "title", title);
      return spoken(made, "aria-label", title);
    };
    this.playButton = button(
      "play",
      () => (app.playing ? say("Pause") : say("Play")),
      () => app.play(),
    );
    this.playButton.classList.add("primary");
    this.range = h("input", { type: "range", min: 0, step: 1, oninput: () => app.goTo(Number(this.range.value)) });
    spoken(this.range, "aria-label", () => say("Step"));
    this.count = h("output.number");
    this.speed = h(
      "select",
      { onchange: () => app.change({ speed: Number(this.speed.value) }) },
      ...[1, 2, 4, 8, 16, 30, 60].map((n) => h("option", { value: n }, `${n}/s`)),
    );
    spoken(this.speed, "aria-label", () => say("Steps per second"));
    this.element = h(
      "div.player",
      {},
      h(
        "div.buttons",
        {},
        button(
          "first",
          () => say("To the start"),
          () => app.goTo(0),
        ),
        button(
          "back",
          () => say("One step back"),
          () => app.goTo(Math.min(app.state.step, app.lastStep()) - 1),
        ),
        this.playButton,
        button(
          "next",
          () => say("One step forward"),
          () => app.goTo(app.state.step + 1),
        ),
        button(
          "last",
          () => say("To the end"),
          () => app.goTo(Infinity),
        ),
      ),
      h("div.steps", {}, this.range, this.count),
      this.speed,
    );
    this.body = h("tbody");
    this.numbers = h(
      "table.numbers",
      {},
      h(
        "caption",
        {},
        words(() => say("This step")),
      ),
      this.body,
    );
  }

  draw() {
    const { app } = this;
    const { model, run, state } = app;
    const k = app.shownStep(),
      last = app.lastStep(),
      step = Math.min(state.step, last);
    set(this.range, { max: last });
    this.range.value = String(step);
    this.count.textContent = `${step} / ${last}`;
    this.speed.value = String(state.speed);
    set(/** @type {Element} */ (this.playButton.querySelector("path")), { d: ICONS[app.playing ? "pause" : "play"] });
    const title = app.playing ? say("Pause") : say("Play");
    set(this.playButton, { title, "aria-label": title });
    const next = run.points[k + 1];
    const single = model.names.length === 1;
    const few = innerWidth < 600 ? 1 : 0; // digits less on a narrow screen
    const shown = model.names.map((n, i) => /** @type {[string, number, number]} */ ([n, i, i])).slice(0, 8);
    this.body.replaceChildren(
      row([single ? `f(${model.names[0]})` : "f", digits(run.losses[k], 6)]),
      ...shown.map(([n, i]) =>
        row(
          [n, digits(run.points[k][i], 6 - few)],
          [single ? `f′(${n})` : `∂f/∂${n}`, digits(run.slopes[k][i], 5 - few)],
          [say("step"), next ? digits(next[i] - run.points[k][i], 5 - few) : "–"],
        ),
      ),
    );
  }
}

/** @param {...[string, string]} cells */
function row(...cells) {
  return h("tr", {}, ...cells.flatMap(([name, value]) => [h("th", { scope: "row" }, name), h("td.number", {}, value)]));
}
