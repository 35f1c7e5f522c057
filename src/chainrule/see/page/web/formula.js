// A graph written as a formula: typeset in MathML, or as text that can be parsed again.
//
// For reading, products are gathered: numbers in front, powers of one base together, divisors below.

import { m } from "./dom.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {{number: (x: number) => any, name: (n: string) => any, sum: (terms: [number, any][]) => any, product: (parts: any[]) => any,
 *   fraction: (above: any, below: any) => any, power: (base: any, exponent: any) => any, call: (name: string, args: any[]) => any,
 *   group: (x: any) => any, compare: (sign: string, a: any, b: any) => any, cases: (choices: [any, any][], otherwise: any) => any}} Kit */

const SUM = 1,
  PRODUCT = 2,
  POWER = 3,
  ATOM = 4;
/** @type {Record<string, string>} comparisons, and what joins them */
export const COMPARE = { lt: "<", le: "≤", gt: ">", ge: "≥", eq: "=", ne: "≠", bitwise_and: "∧", bitwise_or: "∨" };

/** @param {Node} node @param {Kit} kit */
function written(node, kit) {
  /** @type {Map<Node, [any, number]>} */
  const known = new Map();

  /** @param {Node} n @param {number} least */
  function at(n, least) {
    const found = known.get(n) ?? write(n);
    return found[1] < least ? kit.group(found[0]) : found[0];
  }

  /** @param {Node} n @returns {[any, number]} */
  function write(n) {
    if (n.name !== undefined) return [kit.name(n.name), ATOM];
    if (n.value !== undefined) return n.value < 0 || isFraction(n.value) ? product(n) : [kit.number(n.value), ATOM];
    if (n.op === "add" || n.op === "sub") return sum(n);
    if (["mul", "div", "neg", "pow", "square", "reciprocal", "sqrt"].includes(n.op)) return product(n);
    if (n.op === "where") return [choices(n), ATOM];
    if (n.op in COMPARE) return [kit.compare(COMPARE[n.op], at(n.args[0], SUM), at(n.args[1], SUM)), 0];
    if (n.op === "exp2") return [kit.power(kit.number(2), at(n.args[0], 0)), POWER];
    return [
      kit.call(
        n.op,
        n.args.map((a) => at(a, 0)),
      ),
      ATOM,
    ];
  }

  /** Choices in choices are written in one. @param {Node} n */
  function choices(n) {
    /** @type {[any, any][]} */
    const found = [];
    for (; n.op === "where"; n = n.args[2]) found.push([at(n.args[0], 0), at(n.args[1], 0)]);
    return kit.cases(found, at(n, 0));
  }

  /** @param {Node} n @returns {[any, number]} */
  function sum(n) {
    /** @type {[number, Node][]} */
    const terms = [];
    /** @param {Node} x @param {number} sign */
    const gather = (x, sign) => {
      if (x.op === "add" || x.op === "sub") {
        gather(x.args[0], sign);
        gather(x.args[1], x.op === "sub" ? -sign : sign);
      } else if (x.op === "neg") gather(x.args[0], -sign);
      else terms.push([sign, x]);
    };
    gather(n, 1);
    return [
      kit.sum(
        terms.map(([sign, x]) => {
          const f = factors(x);
          return /** @type {[number, any]} */ ([
            f.number < 0 ? -sign : sign,
            split({ ...f, number: Math.abs(f.number) })[0],
          ]);
        }),
      ),
      SUM,
    ];
  }

  /** @param {Node} n @returns {[any, number]} */
  function product(n) {
    const f = factors(n);
    if (f.number >= 0) return split(f);
    return [kit.sum([[-1, split({ ...f, number: -f.number })[0]]]), SUM];
  }

  /** A product as fraction or in a row. @param {{number: number, powers: Map<Node, number | Node>}} f @returns {[any, number]} */
  function split({ number, powers }) {
    const [p, q] = fraction(number);
    const above = [],
      below = [];
    const plain = (/** @type {Node} */ n) => (n.name !== undefined ? 0 : n.op === "add" || n.op === "sub" ? 2 : 1);
    for (const [base, exponent] of [...powers].sort((a, b) => plain(a[0]) - plain(b[0]))) {
      const down = typeof exponent === "number" && exponent < 0;
      const size = typeof exponent === "number" ? Math.abs(exponent) : exponent;
      (down ? below : above).push(
        typeof size !== "number" ? { base, power: at(size, 0) } : size === 1 ? { base } : { base, power: exact(size) },
      );
    }
    /** @param {{base: Node, power?: any}[]} parts @param {number} lead @returns {[any, number]} */
    const row = (parts, lead) => {
      const alone = parts.length === 1 && lead === 1;
      /** @type {any[]} */
      const shown = parts.map(({ base, power }) =>
        power !== undefined ? kit.power(at(base, ATOM), power) : at(base, alone ? 0 : POWER),
      );
      if (lead !== 1 || !parts.length) shown.unshift(kit.number(lead));
      if (!alone) return [shown.length > 1 ? kit.product(shown) : shown[0], shown.length > 1 ? PRODUCT : ATOM];
      return [shown[0], parts[0].power !== undefined ? POWER : (known.get(parts[0].base) ?? write(parts[0].base))[1]];
    };
    if (!below.length && q === 1) return row(above, p);
    return [kit.fraction(row(above, p), row(below, q)), PRODUCT];
  }

  /** An exponent. @param {number} x */
  function exact(x) {
    const [p, q] = fraction(x);
    return q === 1 ? kit.number(p) : kit.fraction([kit.number(p), ATOM], [kit.number(q), ATOM]);
  }

  for (const n of innerNodes(node)) known.set(n, write(n));
  return at(node, 0);
}

/** What a node is a product of: a number, and bases with exponents. @param {Node} node */
function factors(node) {
  let number = 1;
  /** @type {Map<Node, number | Node>} */
  const powers = new Map();
  /** @param {Node} n @param {number} e */
  const gather = (n, e) => {
    if (n.value !== undefined && (Number.isInteger(e) || n.value > 0)) number *= n.value ** e;
    else if (n.op === "neg" && Number.isInteger(e)) ((number *= (-1) ** e), gather(n.args[0], e));
    else if (n.op === "mul" && Number.isInteger(e)) (gather(n.args[0], e), gather(n.args[1], e));
    else if (n.op === "div" && Number.isInteger(e)) (gather(n.args[0], e), gather(n.args[1], -e));
    else if (n.op === "square") gather(n.args[0], 2 * e);
    else if (n.op === "reciprocal") gather(n.args[0], -e);
    else if (n.op === "sqrt") add(n.args[0], e / 2);
    else if (n.op === "pow" && n.args[1].value !== undefined) add(n.args[0], e * n.args[1].value);
    else if (n.op === "pow" && e === 1 && !powers.has(n.args[0])) powers.set(n.args[0], n.args[1]);
    else add(n, e);
  };
  /** @param {Node} n @param {number} e */
  const add = (n, e) => {
    const before = powers.get(n) ?? 0;
    if (typeof before !== "number") return void powers.set({ ...n, id: -1 }, e);
    before + e === 0 ? powers.delete(n) : powers.set(n, before + e);
  };
  gather(node, 1);
  return { number, powers };
}

/** The nodes that are worth writing once: those used more than once, from the leaves up. @param {Node} root @returns {Node[]} */
function innerNodes(root) {
  /** @type {Map<Node, number>} */
  const uses = new Map();
  /** @type {Node[]} */
  const done = [];
  const stack = [root];
  while (stack.length) {
    const n = /** @type {Node} */ (stack.pop());
    uses.set(n, (uses.get(n) ?? 0) + 1);
    if (uses.get(n) === 1) stack.push(...n.args);
  }
  for (const [n, count] of uses) if (count > 1 && n.op) done.push(n);
  return done.length > 200 ? [] : done.sort((a, b) => a.id - b.id);
}

/** A number as a fraction of small whole numbers, where it is one. @param {number} x @returns {[number, number]} */
export function fraction(x) {
  if (Number.isInteger(x)) return [x, 1];
  for (const q of [2, 3, 4, 5, 6, 7, 8, 9, 12, 16]) {
    const p = x * q;
    if (Math.abs(p - Math.round(p)) < 1e-12 * Math.abs(p) && Math.abs(p) < 1000 && Math.round(p) / q === x)
      return [Math.round(p), q];
  }
  return [x, 1];
}

/** @param {number} x */
const isFraction = (x) => fraction(x)[1] !== 1 && !/^-?\d+\.\d{1,2}$/.test(String(x));

/** A number for reading: short, with a real minus sign. @param {number} x @param {number} [digits] */
export function digits(x, digits = 5) {
  if (Number.isNaN(x)) return "NaN";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return trimmed(x.toExponential(Math.max(digits - 2, 1)));
  const text = x.toPrecision(digits);
  return trimmed(text.includes("e") ? String(Number(text)) : text); // 5100, not 5.1e3
}

/** A number's text without the zeros at the end of its mantissa (those of an exponent stay: 1e+10 is not 1e+1), with a real
 * minus sign. @param {string} text */
export function trimmed(text) {
  const [mantissa, ...power] = text.split("e");
  const short = mantissa.includes(".") ? mantissa.replace(/\.?0+$/, "") : mantissa;
  return [short, ...power].join("e").replace("e+", "e").replaceAll("-", "−");
}

// ------------------------------------------------------------------------------------------------------------- MathML

/** @type {Record<string, string>} functions whose names in formulas are not the library's */
export const CALLED = {
  log: "ln",
  log10: "lg",
  asin: "arcsin",
  acos: "arccos",
  atan: "arctan",
  sigmoid: "σ",
  lgamma: "ln Γ",
  digamma: "ψ",
  maximum: "max",
  minimum: "min",
  sign: "sgn",
};
/** @type {Record<string, string>} */
const GREEK = Object.fromEntries(
  "alpha α beta β gamma γ delta δ epsilon ε zeta ζ eta η theta θ iota ι kappa κ mu μ nu ν xi ξ rho ρ sigma σ tau τ upsilon υ phi φ chi χ psi ψ omega ω"
    .split(" ")
    .reduce((pairs, w, i, all) => (i % 2 ? pairs : [...pairs, [w, all[i + 1]]]), /** @type {string[][]} */ ([])),
);

/** @param {string} text */
const mo = (text) => m("mo", text);
/** @param {...(Node | any)} parts */
const row = (...parts) => (parts.length === 1 ? parts[0] : m("mrow", ...parts));

/** A variable: w_1 and w1 with an index below. @param {string} name */
export function typesetName(name) {
  const parts = /^(.*?[^\d_])_?(\d+|(?<=_).+)$/u.exec(name);
  if (!parts) return m("mi", GREEK[name] ?? name);
  return m(
    "msub",
    m("mi", GREEK[parts[1].replace(/_$/, "")] ?? parts[1].replace(/_$/, "")),
    m(/^\d+$/.test(parts[2]) ? "mn" : "mi", parts[2]),
  );
}

/** @type {Kit} */
const mathml = {
  number: (x) => {
    const [mantissa, power] = digits(x, 6).split("e");
    return power === undefined
      ? m("mn", mantissa)
      : row(m("mn", mantissa), mo("·"), m("msup", m("mn", "10"), m("mn", power)));
  },
  name: typesetName,
  sum: (terms) =>
    m(
      "mrow",
      ...terms
        .flatMap(([sign, term], i) => (sign < 0 ? [mo("−"), term] : i ? [mo("+"), term] : [term]))
        .map((n) => n.cloneNode(true)),
    ),
  product: (parts) =>
    m(
      "mrow",
      ...parts
        .flatMap((p, i) => (i ? [mo(startsWithDigit(p) ? "·" : "\u2062"), p] : [p]))
        .map((n) => n.cloneNode(true)),
    ),
  fraction: (above, below) => m("mfrac", above[0].cloneNode(true), below[0].cloneNode(true)),
  power: (base, exponent) => {
    const half = exponent.localName === "mfrac" && exponent.textContent === "12";
    if (half) return m("msqrt", (isGroup(base) ? base.children[1] : base).cloneNode(true));
    return m("msup", base.cloneNode(true), exponent.cloneNode(true));
  },
  call: (name, args) => {
    if (name === "exp") return m("msup", m("mi", "e"), args[0].cloneNode(true));
    if (name === "abs") return m("mrow", mo("|"), args[0].cloneNode(true), mo("|"));
    const inside = args.flatMap((a, i) => (i ? [mo(","), a.cloneNode(true)] : [a.cloneNode(true)]));
    const title = CALLED[name] ?? name.replace(/^special_/, "");
    return m("mrow", m("mi", title), mo("\u2061"), m("mrow", mo("("), ...inside, mo(")")));
  },
  group: (x) => m("mrow", mo("("), x.cloneNode(true), mo(")")),
  compare: (sign, a, b) => m("mrow", a.cloneNode(true), mo(sign), b.cloneNode(true)),
  cases: (choices, otherwise) => {
    const table = m("mtable", ...choices.map(([c, a]) => line(a, c)), line(otherwise, null));
    table.setAttribute("class", "cases"); // its brace is a border: many fonts have none that stretches
    return table;
  },
};

/** @param {any} x */
const isGroup = (x) => x.localName === "mrow" && x.children.length === 3 && x.firstChild.textContent === "(";
/** @param {any} p @returns {boolean} */
const startsWithDigit = (p) =>
  p.localName === "mn" ||
  (p.firstElementChild ? p.localName !== "mfrac" && startsWithDigit(p.firstElementChild) : false);
/** @param {any} value @param {any} condition */
const line = (value, condition) =>
  m(
    "mtr",
    m("mtd", value.cloneNode(true)),
    m("mtd", ...(condition ? [m("mtext", "if\u00a0"), condition.cloneNode(true)] : [m("mtext", "else")])),
  );

/** @param {Node} node @returns {Element} */
export function typeset(node) {
  const made = written(node, mathml);
  return made.isConnected ? made.cloneNode(true) : made;
}

/** A line of maths. @param {...(Element | string)} parts */
export function math(...parts) {
  const element = m(
    "math",
    ...parts.map((p) => (typeof p === "string" ? (/^[=(),]$|^[−+·]$/.test(p) ? mo(p) : m("mi", p)) : p)),
  );
  element.setAttribute("display", "block");
  return element;
}

// --------------------------------------------------------------------------------------------------------------- text

/** @type {Record<string, string>} */
const ASCII = { "≤": "<=", "≥": ">=", "≠": "!=", "=": "==" };

/** @type {Kit} */
const text = {
  number: (x) => String(x),
  name: (n) => n,
  sum: (terms) => terms.map(([sign, t], i) => (sign < 0 ? (i ? " - " : "-") : i ? " + " : "") + t).join(""),
  product: (parts) => parts.join("*"),
  fraction: ([a, la], [b, lb]) => `${la < PRODUCT ? `(${a})` : a}/${lb <= PRODUCT ? `(${b})` : b}`,
  power: (base, exponent) => `${base}**${/^[\w.]+$/.test(exponent) ? exponent : `(${exponent})`}`,
  call: (name, args) => `${name.replace(/^special_/, "")}(${args.join(", ")})`,
  group: (x) => `(${x})`,
  compare: (sign, a, b) => `${a} ${ASCII[sign] ?? sign} ${b}`,
  cases: (choices, otherwise) => choices.reduceRight((rest, [c, a]) => `where(${c}, ${a}, ${rest})`, otherwise),
};

/** @param {Node} node @returns {string} */
export function asText(node) {
  return written(node, text);
}
