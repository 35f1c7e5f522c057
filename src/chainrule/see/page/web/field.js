// The field of an exercise: what is typed is compared with the right values, at places that came along.

import { h } from "./dom.js";
import { evaluator, Graph } from "./graph.js";
import { say, setCatalogues, setLanguage } from "./language.js";
import { ExpressionError, parse } from "./parse.js";

/** @typedef {{label: string, values: number[], wrong: [string, number[]][]}} Part wrong: what is said of answers with such values */

const data = JSON.parse(/** @type {string} */ (document.getElementById("data")?.textContent));
setCatalogues({ [data.language]: data.catalogue });
setLanguage(data.language);

/** @param {number} x @param {number} [digits] */
const short = (x, digits = 5) => String(Number(x.toPrecision(digits)));

/** Whether two rows of values agree where both are finite, which has to be at a third of the places at least: by the
 * size of each right value, near zeros by the usual size.
 * @param {number[]} given @param {number[]} right @param {number} tol */
function same(given, right, tol) {
  const both = right.flatMap((r, i) => (Number.isFinite(r) && Number.isFinite(given[i]) ? [i] : []));
  const sizes = right
    .filter(Number.isFinite)
    .map(Math.abs)
    .sort((a, b) => a - b);
  const size = sizes[sizes.length >> 1];
  return (
    both.length * 3 >= Math.max(right.length, 1) &&
    both.every((i) => Math.abs(given[i] - right[i]) <= tol * Math.max(Math.abs(right[i]), 1e-3 * size) + 1e-300)
  );
}

/** What is wrong with what was typed for a part, or nothing. @param {Part} part @param {string} text */
function fault({ values, wrong }, text) {
  /** @type {{root: any, names: string[]}} */
  let read;
  try {
    read = parse(text, new Graph(data.rules), { ...data.grammar, names: data.names });
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    throw error;
  }
  const unknown = read.names.find((name) => !data.names.includes(name));
  if (unknown) return say(data.unknown, { name: unknown, names: data.names.join(", ") });
  const formula = evaluator([read.root], data.names);
  // A number is an answer at the point alone, which is the last of the places.
  const alone = data.point && (data.places.length === 1 || read.root.value !== undefined);
  const places = alone ? data.places.slice(-1) : data.point ? data.places.slice(0, -1) : data.places;
  const cut = (/** @type {number[]} */ row) => (alone ? row.slice(-1) : row.slice(0, places.length));
  const given = places.map((/** @type {number[]} */ place) => formula(place)[0]);
  const right = cut(values),
    tol = alone ? data.tol : 1e-8;
  if (same(given, right, tol)) return "";
  const known = wrong.find(([, row]) => same(given, cut(row), Math.max(tol, 1e-7)) && !same(cut(row), right, tol));
  if (known) return known[0];
  const off = given.findIndex((g, i) => !(Math.abs(g - right[i]) <= 1e-3 * Math.abs(right[i])));
  const at = Math.max(off, 0);
  const point = data.names.map(
    (/** @type {string} */ name, /** @type {number} */ i) => `${name} = ${short(places[at][i], 3)}`,
  );
  return say(data.differs, {
    point: point.join(", "),
    right: short(right[at]),
    given: short(given[at]),
    name: data.parts[0].label,
  });
}

const fields = data.parts.map((/** @type {Part} */ { label }) =>
  h("input", { "aria-label": label, autocomplete: "off", spellcheck: "false" }),
);
const told = h("output", { "aria-live": "polite" });

function check() {
  const faults = data.parts.map((/** @type {Part} */ part, /** @type {number} */ i) => fault(part, fields[i].value));
  const first = faults.findIndex((/** @type {string} */ f) => f);
  told.className = first < 0 ? "right" : "wrong";
  const of = data.parts.length > 1 && first >= 0 ? `${data.names[first]}: ` : "";
  told.textContent = first < 0 ? `✓ ${data.right}` : `✗ ${of}${faults[first]}`;
}

document.body.append(
  // No form: in a frame like this one it would not be allowed to be sent.
  h(
    "div.ask",
    { onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && check() },
    ...data.parts.map((/** @type {Part} */ { label }, /** @type {number} */ i) =>
      h("label", {}, `${label} = `, fields[i]),
    ),
    h("button", { onclick: check }, data.check),
  ),
  told,
);
new ResizeObserver(() => parent.postMessage({ chainrule: document.body.offsetHeight }, "*")).observe(document.body);
