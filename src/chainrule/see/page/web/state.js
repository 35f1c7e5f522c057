// What the page shows, as one plain object, and its form in the URL's hash: a link reproduces what was seen.

import { OPTIMISERS } from "./emitted.js";

/** @typedef {import("./descent.js").Plan} Plan */
/** @typedef {Plan & {text: string | null, steps: number, step: number, speed: number, secant: number, second: boolean, data: number[] | null, domain: number[] | null, axes: [number, number],
 *   runs: Plan[], language: string, theme: string}} State */

export const MOST_STEPS = 2000;
const MOST_RUNS = 5;

/** @param {any} data @returns {State} */
export function initial(data) {
  return {
    text: null,
    start: data.start.slice(),
    lr: data.lr,
    optimizer: data.optimizer,
    settings: { ...data.settings },
    steps: Math.min(data.steps, MOST_STEPS),
    step: 0,
    speed: 8,
    secant: 0,
    second: false,
    data: null,
    domain: null,
    axes: [0, 1],
    runs: [],
    language: data.language,
    theme: "auto",
  };
}

/** @param {State} state @param {any} data */
export function toHash(state, data) {
  const first = initial(data);
  /** @type {Record<string, any>} */
  const changed = {};
  for (const [key, value] of Object.entries(state)) {
    if (JSON.stringify(value) !== JSON.stringify(first[/** @type {keyof State} */ (key)])) changed[key] = value;
  }
  const parts = Object.entries(changed).map(
    ([k, v]) => `${k}=${encodeURIComponent(typeof v === "string" ? v : JSON.stringify(v))}`,
  );
  return parts.length ? "#" + parts.join("&") : "";
}

/** The state in a hash, with whatever makes no sense left as it was at first. @param {string} hash @param {any} data @returns {State} */
export function fromHash(hash, data) {
  const state = initial(data);
  /** @type {Record<string, any>} */
  const given = {};
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [key, ...rest] = part.split("=");
    if (!Object.hasOwn(state, key)) continue;
    try {
      const text = decodeURIComponent(rest.join("="));
      given[key] = ["text", "optimizer", "language", "theme"].includes(key) ? text : JSON.parse(text);
    } catch {
      // a broken link: this part of it is left out
    }
  }
  if (typeof given.text === "string") state.text = given.text;
  Object.assign(state, plan(given, state, data));
  if (isCount(given.steps) && given.steps > 0) state.steps = Math.min(given.steps, MOST_STEPS);
  if (isCount(given.step)) state.step = Math.min(given.step, state.steps);
  if (isNumber(given.speed) && given.speed > 0 && given.speed <= 60) state.speed = given.speed;
  if (isPoint(given.domain) && [2, 4].includes(given.domain.length) && given.domain[0] < given.domain[1])
    state.domain = given.domain;
  if (isNumber(given.secant) && given.secant >= 0) state.secant = given.secant;
  state.second = given.second === true;
  if (Array.isArray(given.data) && given.data.length === data.points.length && given.data.every(isNumber))
    state.data = given.data;
  if (isPoint(given.axes) && given.axes.length === 2 && given.axes.every(isCount))
    state.axes = [given.axes[0], given.axes[1]];
  if (Array.isArray(given.runs))
    state.runs = given.runs.slice(0, MOST_RUNS).map((r) => {
      const made = plan(Object(r), state, data);
      return r?.start === null ? { ...made, start: null } : made;
    });
  if (Object.hasOwn(data.languages, given.language ?? "")) state.language = given.language;
  if (["light", "dark"].includes(given.theme)) state.theme = given.theme;
  return state;
}

/** @param {any} given @param {Plan} otherwise @param {any} data @returns {Plan} */
function plan(given, otherwise, data) {
  const optimizer = Object.hasOwn(OPTIMISERS, given.optimizer ?? "") ? given.optimizer : otherwise.optimizer;
  const known = data.optimisers[optimizer].settings;
  const base = optimizer === otherwise.optimizer ? otherwise.settings : defaults(optimizer, data);
  /** @type {Record<string, any>} */
  const settings = { ...base };
  for (const [name, value] of Object.entries(Object(given.settings))) {
    if (Object.hasOwn(known, name) && name !== "lr" && sameKind(value, known[name])) settings[name] = value;
  }
  return {
    start: isPoint(given.start) && given.start.length ? given.start : otherwise.start.slice(),
    lr: isNumber(given.lr) && given.lr >= 0 ? given.lr : otherwise.lr,
    optimizer,
    settings,
  };
}

/** An optimiser's own settings, but for the learning rate. @param {string} optimizer @param {any} data */
export function defaults(optimizer, data) {
  const { lr, ...rest } = data.optimisers[optimizer].settings;
  return structuredClone(rest);
}

/** @param {any} x */
const isNumber = (x) => typeof x === "number" && Number.isFinite(x);
/** @param {any} x */
const isCount = (x) => Number.isInteger(x) && x >= 0;
/** @param {any} x */
const isPoint = (x) => Array.isArray(x) && x.length <= 50 && x.every(isNumber);
/** @param {any} a @param {any} b */
const sameKind = (a, b) =>
  Array.isArray(b)
    ? isPoint(a) && a.length === b.length
    : typeof b === "boolean"
      ? typeof a === "boolean"
      : isNumber(a);
