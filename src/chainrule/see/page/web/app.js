// The page as a whole: one state, what follows from it, and when the parts are drawn.

import { arriving, chosen } from "./choose.js";
import { descend } from "./descent.js";
import { setLanguage } from "./language.js";
import { fromPython, fromText } from "./model.js";
import { fromHash, initial, toHash } from "./state.js";

/** @typedef {import("./state.js").State} State */
/** @typedef {import("./descent.js").Run} Run */
/** @typedef {{plan: import("./descent.js").Plan, run: Run}} Kept */

const UNDONE = new Set(["text", "start", "lr", "optimizer", "settings", "steps", "data", "domain", "axes", "runs"]);

export class App {
  /** @param {any} data */
  constructor(data) {
    this.first = fromPython(data);
    const points = this.first.data?.numbers.slice() ?? []; // as they came
    this.data = data = chosen({ ...data, points }, this.first);
    this.stamp = ""; // of the data: what is computed anew when they move
    this.model = this.first;
    /** @type {Error & {at?: number} | null} */
    this.error = null;
    this.dragging = this.dragged = false;
    this.playing = 0;
    /** @type {{draw: () => void}[]} */
    this.parts = [];
    this.frame = 0;
    /** @type {State[]} what undo goes back to */
    this.past = [];
    this.changed = { at: 0, keys: "" };
    /** @type {{critical: number | null, settles: number | null} | null} what the rates beside the slider did, from this start */
    this.seen = null;
    /** @type {{key: string, place: number[] | null}} */
    this.low = { key: "", place: null };
    this.runKey = this.keptKey = this.shown = "";
    /** @type {Kept[]} */
    this.kept = [];
    /** @type {State} */
    this.state = fromHash(location.hash, data);
    this.place(this.state.data);
    this.adopt(this.state.text);
    this.run = descend(this.model, this.state, this.state.steps);
    /** @type {any} the curve or the plane */
    this.plot = null;
    addEventListener("hashchange", () => location.hash !== this.shown && this.change(fromHash(location.hash, data)));
    addEventListener("resize", () => this.draw());
  }

  /** Whether frames follow each other, so that sizes stay and what takes long can wait. */
  get held() {
    return this.dragging || this.playing > 0;
  }

  /** Change some of the state; everything that follows from it is drawn in the next frame. @param {Partial<State>} part */
  change(part) {
    const before = this.state;
    this.state = { ...before, ...part };
    this.note(before, part);
    if (this.state.text !== before.text) this.adopt(this.state.text);
    if (this.state.language !== before.language) setLanguage(this.state.language);
    this.draw();
  }

  /** Keep the state before a change for undo; a drag, or a change that goes on, is one. @param {State} before @param {Partial<State>} part */
  note(before, part) {
    const keys = Object.keys(part)
      .filter(
        (k) =>
          UNDONE.has(k) &&
          JSON.stringify(part[/** @type {keyof State} */ (k)]) !==
            JSON.stringify(before[/** @type {keyof State} */ (k)]),
      )
      .join();
    if (!keys) return;
    const now = performance.now();
    const goesOn = keys === this.changed.keys && (this.dragged || now - this.changed.at < 400);
    this.dragged = this.dragging;
    this.changed = { at: now, keys };
    if (!goesOn) this.past = [...this.past, before].slice(-100);
  }

  /** Take back the last change. */
  undo() {
    const last = this.past.pop();
    if (!last) return;
    this.pause();
    const { language, theme } = this.state;
    this.state = { ...last, language, theme };
    this.changed = { at: 0, keys: "" };
    this.adopt(this.state.text);
    this.draw();
  }

  draw() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.now());
  }

  now() {
    this.frame = 0;
    this.compute();
    for (const part of this.parts) part.draw();
    clearTimeout(this.saving);
    this.saving = setTimeout(() => this.remember(), 300);
  }

  /** Take a function that was typed, null for the one that came with the page; a wrong one leaves the last in place.
   * @param {string | null} text */
  adopt(text) {
    const before = this.model.names;
    this.error = null;
    try {
      this.model = text === null || text === this.first.text ? this.first : fromText(text, this.data, this.first.names);
    } catch (error) {
      this.error = /** @type {Error} */ (error);
    }
    this.fit(before);
  }

  /** Make the state one for the function's variables: those that it had before keep their values. @param {string[]} before */
  fit(before) {
    const { state, data } = this;
    const { names } = this.model;
    const fits = state.start.length === names.length;
    if (!fits || before.join() !== names.join()) {
      const kept = new Map(before.map((n, i) => [n, state.start[i]]));
      const first = new Map(data.names.map((/** @type {string} */ n, /** @type {number} */ i) => [n, data.start[i]]));
      state.start = names.map((n, i) => kept.get(n) ?? first.get(n) ?? (fits ? state.start[i] : 1));
    }
    state.runs = state.runs.filter((r) => r.start === null || r.start.length === names.length);
    if (state.domain?.length !== (names.length === 1 ? 2 : 4)) state.domain = null;
  }

  compute() {
    const { model, state } = this;
    this.place(state.data);
    const function_ = [model.text, model.names, model.original, this.stamp];
    const { start, lr, optimizer, settings, steps } = state;
    const key = JSON.stringify([function_, start, lr, optimizer, settings, steps]);
    if (key !== this.runKey) {
      this.runKey = key;
      this.run = descend(model, state, steps);
    }
    const racing = state.runs.some((plan) => plan.start === null); // from the start in hand
    const keptKey = JSON.stringify([function_, state.runs, steps, racing && start]);
    if (keptKey !== this.keptKey) {
      this.keptKey = keptKey;
      const plans = state.runs.map((plan) => ({ ...plan, start: plan.start ?? start }));
      this.kept = plans.map((plan) => ({ plan, run: descend(model, plan, steps) }));
    }
  }

  /** Put the data's numbers where the emitted function reads them. @param {number[] | null} moved */
  place(moved) {
    const stamp = moved ? moved.join() : "";
    if (stamp === this.stamp) return;
    this.stamp = stamp;
    (moved ?? this.data.points).forEach(
      (/** @type {number} */ x, /** @type {number} */ i) => ((this.first.data?.numbers ?? [])[i] = x),
    );
  }

  /** The minimum that can be reached from the start, or null: where the descent arrives, else where Adam does. */
  lowest() {
    const { model, run, state, data } = this;
    if (run.outcome === "converged") return run.points[run.points.length - 1];
    const key = JSON.stringify([model.text, model.names, state.start, this.stamp]);
    if (key !== this.low.key) {
      const { lr, ...settings } = data.optimisers.adam.settings;
      const plan = { start: state.start, lr, optimizer: "adam", settings };
      this.low = { key, place: run.outcome === "outside" ? null : (arriving(model, plan)?.end ?? null) };
    }
    return this.low.place;
  }

  /** The step of a run that is shown: the one asked for, or the run's last. */
  shownStep(run = this.run) {
    return Math.min(this.state.step, run.points.length - 1);
  }

  /** What is drawn of a run: all of it, or in a race as far as it has come. @param {Run} run */
  way(run) {
    const racing = this.state.runs.some((plan) => plan.start === null);
    return racing ? run.points.slice(0, this.shownStep(run) + 1) : run.points;
  }

  /** The last step of the longest run. */
  lastStep() {
    return Math.max(...[this, ...this.kept].map(({ run }) => run.points.length - 1));
  }

  /** The two coordinates that a plane shows. @returns {[number, number]} */
  axes() {
    const n = this.model.names.length,
      [i, j] = this.state.axes;
    return i < n && j < n && i !== j ? [i, j] : [0, Math.min(1, n - 1)];
  }

  /** @param {number} i @param {number} value @param {boolean} dragging */
  moveStart(i, value, dragging) {
    const start = this.state.start.slice();
    start[i] = value;
    this.moveTo(start, dragging);
  }

  /** @param {number[]} start @param {boolean} dragging */
  moveTo(start, dragging) {
    this.pause();
    this.dragging = dragging;
    this.change({ start: start.map((x) => Number(x.toPrecision(6))), step: 0 });
  }

  /** Begin anew at a place, with what is in view chosen for it. @param {number[]} start */
  startFrom(start) {
    this.pause();
    this.dragging = false;
    this.change({ start: start.slice(), step: 0, domain: null });
  }

  /** A drag has ended: what is in view may be chosen anew. */
  settle() {
    this.dragging = this.dragged = false;
    this.changed.at = 0;
    this.draw();
  }

  /** @param {number} step */
  goTo(step) {
    this.pause();
    this.change({ step: Math.max(0, Math.min(step, this.lastStep())) });
  }

  play() {
    if (this.playing) return this.pause();
    if (this.state.step >= this.lastStep()) this.change({ step: 0 });
    let due = performance.now();
    const tick = (/** @type {number} */ now) => {
      if (now >= due) {
        const steps = Math.max(1, Math.floor(((now - due) * this.state.speed) / 1000));
        due = Math.max(due + (1000 / this.state.speed) * steps, now - 100);
        if (this.state.step >= this.lastStep()) return this.pause();
        this.change({ step: Math.min(this.state.step + steps, this.lastStep()) });
      }
      this.playing = requestAnimationFrame(tick);
    };
    this.playing = requestAnimationFrame(tick);
    this.draw();
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = 0;
    this.draw();
  }

  /** Lay the run in hand aside, to compare others with it. */
  keep() {
    const { start, lr, optimizer, settings, runs } = this.state;
    this.change({ runs: [...runs, { start: start.slice(), lr, optimizer, settings: { ...settings } }].slice(-5) });
  }

  reset() {
    const { language, theme } = this.state;
    this.pause();
    this.change({ ...initial(this.data), language, theme });
  }

  remember() {
    this.shown = toHash(this.state, this.data);
    try {
      history.replaceState(null, "", this.shown || location.pathname + location.search);
    } catch {
      // in a notebook's frame there is no address to keep it in
    }
  }
}
