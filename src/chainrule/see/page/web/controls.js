// Sliders, fields and buttons: the start, the learning rate, the optimiser, and the runs that were kept.

import { rates } from "./descent.js";
import { h, set } from "./dom.js";
import { meaning } from "./examples.js";
import { digits } from "./formula.js";
import { say, spoken, words } from "./language.js";
import { called, ofOptimisers, ofRates } from "./race.js";
import { defaults, MOST_STEPS } from "./state.js";

const RATES = 60; // learning rates that are tried beside the slider
const BUDGET = 30000; // steps of each, shared among the parts of the function

/** A slider with a number to type beside it. @param {() => string} title @param {(x: number) => void} changed @param {any} [options] */
function slider(title, changed, { log = false, done = () => {} } = {}) {
  const range = h("input", {
    type: "range",
    step: "any",
    oninput: () => changed(log ? 10 ** Number(range.value) : Number(range.value)),
    onchange: done,
  });
  const number = h("input.number", {
    type: "number",
    step: "any",
    onchange: () =>
      number.value !== "" && Number.isFinite(Number(number.value)) && (changed(Number(number.value)), done()),
  });
  for (const input of [range, number]) spoken(input, "aria-label", title);
  const mark = h("span.marks");
  const element = h("div.slider", {}, h("span.name", {}, words(title)), number, h("div.track", {}, mark, range));
  return {
    element,
    mark,
    range,
    show(/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) {
      set(range, { min: low, max: high, "aria-valuetext": digits(value) });
      range.value = String(log ? Math.log10(value) : value);
      if (document.activeElement !== number) number.value = String(Number(value.toPrecision(6)));
    },
  };
}

export class Controls {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.starts = h("div.starts");
    this.rate = slider(
      () => say("Learning rate"),
      (lr) => app.change({ lr: Number(lr.toPrecision(4)) }),
      { log: true },
    );
    this.rate.element.classList.add("rate");
    this.rateNote = h("p.note.rate-note");
    this.optimizer = h(
      "select",
      {
        onchange: () =>
          app.change({ optimizer: this.optimizer.value, settings: defaults(this.optimizer.value, app.data) }),
      },
      ...Object.entries(app.data.optimisers).map(([value, o]) => h("option", { value }, /** @type {any} */ (o).title)),
    );
    spoken(this.optimizer, "aria-label", () => say("Optimiser"));
    this.settings = h("div.settings");
    this.meaning = h("p.note.meaning");
    this.steps = h("input.number", {
      type: "number",
      min: 1,
      max: MOST_STEPS,
      step: 1,
      onchange: () =>
        app.change({ steps: Math.round(Math.min(Math.max(Number(this.steps.value) || 1, 1), MOST_STEPS)) }),
    });
    spoken(this.steps, "aria-label", () => say("Steps"));
    this.runs = h("ul.runs");
    this.keep = h(
      "button",
      { type: "button", onclick: () => app.keep() },
      words(() => say("Keep this run to compare")),
    );
    this.element = h(
      "section.controls",
      {},
      this.starts,
      this.rate.element,
      this.rateNote,
      h(
        "div.row",
        {},
        h(
          "label.field",
          {},
          h(
            "span.name",
            {},
            words(() => say("Optimiser")),
          ),
          this.optimizer,
        ),
        h(
          "label.field",
          {},
          h(
            "span.name",
            {},
            words(() => say("Steps")),
          ),
          this.steps,
        ),
      ),
      this.settings,
      this.meaning,
      h(
        "div.compare",
        {},
        h(
          "div.races",
          {},
          this.race(
            () => say("Race the optimisers"),
            () => ofOptimisers(app),
          ),
          this.race(
            () => say("Race learning rates"),
            () => ofRates(app),
          ),
        ),
        this.keep,
        this.runs,
      ),
    );
    this.strip = this.built = this.listed = "";
    this.took = 0; // milliseconds that the rates took last: while something is dragged, long ones wait
    /** @type {import("./app.js").App["model"] | null} whose strip is shown */
    this.model = null;
    /** @type {Record<string, [number, number]>} */
    this.spans = {};
    /** @type {ReturnType<typeof slider>[]} */
    this.fields = [];
    /** @type {(() => void)[]} what writes the settings' values into their fields */
    this.puts = [];
    this.low = -4;
    this.high = 1;
  }

  draw() {
    const { state, model } = this.app;
    const key = JSON.stringify([model.names, state.optimizer, state.language]);
    if (key !== this.built) {
      this.built = key;
      this.build();
    }
    model.names.forEach((_, i) => {
      const [low, high] = this.span(i);
      this.fields[i].show(state.start[i], low, high);
    });
    const e = Math.log10(state.lr || 1e-6);
    this.low = Math.min(-4, Math.floor(e));
    this.high = Math.max(1, Math.ceil(e));
    this.rate.show(state.lr, this.low, this.high);
    this.optimizer.value = state.optimizer;
    if (document.activeElement !== this.steps) this.steps.value = String(state.steps);
    for (const put of this.puts) put();
    this.meaning.textContent = meaning(this.app);
    this.listRuns();
    clearTimeout(this.waiting);
    if (this.tried() !== this.strip) this.app.seen = null; // what another start or function did is said of none but that
    if (this.model !== model) this.rate.mark.replaceChildren();
    this.model = model;
    if (!this.app.dragging || this.took < 8) this.waiting = setTimeout(() => this.tryRates(), this.strip ? 60 : 0);
  }

  build() {
    const { app } = this;
    const { model, state } = app;
    this.fields = model.names.map((n, i) =>
      slider(
        () => (model.names.length > 1 ? say("Start of {name}", { name: n }) : say("Start {name}", { name: n })),
        (x) => app.moveStart(i, x, document.activeElement === this.fields[i].range),
        { done: () => app.settle() },
      ),
    );
    this.starts.replaceChildren(...this.fields.map((f) => f.element));
    this.puts = [];
    this.settings.replaceChildren(
      ...Object.entries(app.data.optimisers[state.optimizer].settings)
        .filter(([n]) => n !== "lr")
        .flatMap(([name, like]) => {
          if (Array.isArray(like))
            return like.map((_, i) =>
              this.setting(
                `${name} ${i + 1}`,
                () => app.state.settings[name][i],
                (x) =>
                  app.change({
                    settings: {
                      ...app.state.settings,
                      [name]: app.state.settings[name].map((/** @type {number} */ old, /** @type {number} */ j) =>
                        j === i ? x : old,
                      ),
                    },
                  }),
              ),
            );
          return [
            this.setting(
              name,
              () => app.state.settings[name],
              (x) => app.change({ settings: { ...app.state.settings, [name]: x } }),
            ),
          ];
        }),
    );
  }

  /** A setting of the optimiser: a number or a switch. Names stay as the library has them.
   * @param {string} name @param {() => any} get @param {(x: any) => void} put */
  setting(name, get, put) {
    const yes = typeof get() === "boolean";
    const input = yes
      ? h("input", { type: "checkbox", onchange: () => put(input.checked) })
      : h("input.number", {
          type: "number",
          step: "any",
          onchange: () => input.value !== "" && put(Number(input.value)),
        });
    this.puts.push(() => {
      if (yes) input.checked = get() === true;
      else if (document.activeElement !== input) input.value = String(get());
    });
    return h("label.setting", {}, h("code", {}, name), input);
  }

  /** From where to where the slider of a coordinate goes. @param {number} i @returns {[number, number]} */
  span(i) {
    const { plot, model, state, dragging } = this.app;
    const axes = model.names.length === 1 ? [0] : this.app.axes();
    const domain = plot?.domain,
      at = axes.indexOf(i);
    if (domain && at >= 0) return [domain[2 * at], domain[2 * at + 1]];
    const x = state.start[i],
      held = this.spans[model.names[i]];
    if (held && (dragging || (x > held[0] && x < held[1]))) return held;
    const size = 3 * (1 + Math.abs(x));
    return (this.spans[model.names[i]] = [x - size, x + size]);
  }

  /** @param {() => string} title @param {() => void} act */
  race(title, act) {
    return h("button", { type: "button", onclick: act }, words(title));
  }

  /** The runs with their values at the step that is shown. */
  listRuns() {
    const { app } = this;
    const row = (/** @type {any} */ plan, /** @type {any} */ run, /** @type {number} */ i) => {
      const f = digits(run.losses[app.shownStep(run)], 4);
      const over = app.state.step >= run.at;
      const lost = run.outcome === "diverged" || run.outcome === "left";
      const remove = i
        ? [
            h(
              "button.remove",
              {
                type: "button",
                "aria-label": say("Remove this run"),
                onclick: () => app.change({ runs: app.state.runs.filter((_, k) => k !== i - 1) }),
              },
              "×",
            ),
          ]
        : [];
      return h(
        "li",
        {},
        h(`span.swatch.run${i}`),
        h("span.run-name", {}, called(app, plan)),
        h("span.number", {}, over && lost ? say("diverged") : `f = ${f}`),
        ...(run.outcome === "converged" ? [h("span.note", {}, say("arrives at {k}", { k: run.at }))] : []),
        ...remove,
      );
    };
    this.keep.disabled = app.state.runs.length >= 5;
    const key = JSON.stringify([app.state.runs, app.runKey, app.state.step, app.state.language]);
    if (key === this.listed) return;
    this.listed = key;
    this.runs.replaceChildren(
      ...(app.kept.length ? [row(app.state, app.run, 0)] : []),
      ...app.kept.map((k, i) => row(k.plan, k.run, i + 1)),
    );
  }

  /** How many steps the rates are tried for. */
  get patience() {
    return Math.max(10, Math.min(this.app.state.steps, Math.floor(BUDGET / this.app.model.parts)));
  }

  /** All that the strip of the rates rests on. */
  tried() {
    const { model, state } = this.app;
    return JSON.stringify([
      model.text,
      model.names,
      this.app.stamp,
      state.start,
      state.optimizer,
      state.settings,
      this.patience,
      this.low,
      this.high,
      state.language,
    ]);
  }

  /** What becomes of the descent at every rate of the slider, as a strip above it, and where divergence begins. */
  tryRates() {
    const { model, state } = this.app;
    const key = this.tried();
    if (key === this.strip) return;
    this.strip = key;
    this.app.seen = null;
    const exponents = Array.from({ length: RATES }, (_, i) => this.low + ((this.high - this.low) * (i + 0.5)) / RATES);
    const began = performance.now();
    const { outcomes, critical } = rates(model, state, this.patience, exponents);
    this.took = performance.now() - began;
    const cells = outcomes.map((o) => h(`i.${o}`));
    const at = critical === null ? [] : [h("b.critical")];
    this.rate.mark.replaceChildren(...cells, ...at);
    if (critical !== null)
      at[0].style.setProperty("--at", String((Math.log10(critical) - this.low) / (this.high - this.low)));
    const good = exponents.filter((_, i) => outcomes[i] === "converged");
    this.app.seen = { critical, settles: good.length ? 10 ** good[Math.floor(good.length / 2)] : null };
    this.app.draw();
    this.rateNote.replaceChildren(
      h("span.legend.converged", {}, say("converges")),
      h("span.legend.moving", {}, say("still moving")),
      h("span.legend.bouncing", {}, say("bounces")),
      ...(outcomes.includes("falling") ? [h("span.legend.falling", {}, say("falls without end"))] : []),
      h(
        "span.legend.diverged",
        {},
        critical === null
          ? say("does not diverge in this range")
          : say("diverges from {lr} on", { lr: digits(critical, 3) }),
      ),
    );
  }
}
