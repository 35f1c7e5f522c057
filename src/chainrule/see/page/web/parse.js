// What is typed, `x**2 - 4*x + 5`, as a graph over the op table. It is parsed, never run as code.
// The grammar is that of the Python side:
//
//   comparison = sum ["<" | "<=" | ">" | ">=" | "==" | "!=" sum]        only as the first argument of where
//   sum        = product {"+" | "-" product}
//   product    = signed {"*" | "/" signed}
//   signed     = {"-" | "+"} power
//   power      = atom {superscript} ["**" signed]                       -x**2 is -(x**2), 2**-x is 2**(-x)
//   atom       = number | constant | variable | "(" sum ")" | function "(" comparison {"," comparison} ")"

import { say } from "./language.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {{kind: string, text: string, at: number}} Token */

const LONGEST = 10000,
  DEEPEST = 200,
  HIGHEST = 1000;
/** @type {Record<string, string>} */
const SIGNS = { "×": "*", "·": "*", "⋅": "*", "−": "-", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=" };
/** @type {Record<string, string>} */
const COMPARISONS = { "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne" };
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)|([⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(\p{L}[\p{L}\p{Mn}\p{Mc}\d_]*)|(\*\*|[<>=!]=|[-+*/<>(),×·⋅−÷≤≥≠])|(.))/suy;
const VARIABLE =
  /^(?:\p{L}|alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|mu|nu|xi|rho|sigma|tau|upsilon|phi|chi|psi|omega)(?:\d+|_[\p{L}\d_]+)?$/u;

/** What is wrong with a text, and at which character. */
export class ExpressionError extends Error {
  /** @param {string} message @param {number} at */
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

/** @param {string} text @param {import("./graph.js").Graph} graph
 * @param {{functions: Record<string, string>, constants: Record<string, number>, names?: string[]}} grammar names: further variables
 * @returns {{root: Node, names: string[]}} the names in the order in which they appear */
export function parse(text, graph, grammar) {
  if (text.length > LONGEST)
    throw new ExpressionError(say("At most {most} characters are read.", { most: LONGEST }), LONGEST);
  const parser = new Parser(text, graph, grammar);
  return { root: parser.whole(), names: [...parser.names] };
}

class Parser {
  /** @param {string} text @param {import("./graph.js").Graph} graph @param {any} grammar */
  constructor(text, graph, grammar) {
    this.graph = graph;
    this.grammar = grammar;
    this.tokens = tokens(text);
    this.next = 0;
    this.depth = 0;
    /** @type {Set<string>} */
    this.names = new Set();
    /** @type {Map<Node, number>} */
    this.degrees = new Map();
  }

  get token() {
    return this.tokens[this.next];
  }

  /** @param {string} message @param {number} [at] @returns {never} */
  fail(message, at = this.token.at) {
    throw new ExpressionError(message, at);
  }

  /** Whether the next token is this sign; if so, it is taken. @param {...string} signs */
  take(...signs) {
    const { kind, text } = this.token;
    return kind === "sign" && signs.includes(text) ? this.tokens[this.next++].text : null;
  }

  /** @param {string} op @param {...Node} args */
  node(op, ...args) {
    const made = this.graph.node(op, args);
    if (made.value !== undefined && !Number.isFinite(made.value))
      this.fail(say("This is not a finite number."), this.tokens[this.next - 1].at);
    this.degrees.set(made, made.value === undefined ? this.degree(op, args) : 0);
    return made;
  }

  /** The highest power that an op makes of its inputs; refused if it is too high. @param {string} op @param {Node[]} args */
  degree(op, args) {
    const before = args.map((a) => this.degrees.get(a) ?? (a.name === undefined ? 0 : 1));
    const exponent = op === "pow" ? args[1].value : op === "square" ? 2 : 1;
    const degree = exponent === undefined ? Math.max(...before) : before[0] * Math.max(Math.abs(exponent), 1);
    const highest = Math.max(degree, ...before);
    if (highest > HIGHEST)
      this.fail(say("Exponents go up to {most}.", { most: HIGHEST }), this.tokens[this.next - 1].at);
    return highest;
  }

  whole() {
    if (this.token.kind === "end") this.fail(say("The expression is empty."));
    const made = this.sum();
    if (this.token.kind !== "end") this.unexpected();
    return made;
  }

  /** @returns {never} */
  unexpected() {
    const { kind, text } = this.token;
    if (kind === "end") this.fail(say("Something is missing at the end."));
    if (text === "^") this.fail(say("Write ** for powers."));
    if (text === ")") this.fail(say("This parenthesis closes nothing."));
    if (COMPARISONS[text]) this.fail(say("A comparison stands only in where(…)."));
    if (["number", "name"].includes(kind) || text === "(")
      this.fail(say("An operator is missing before this, such as *."));
    this.fail(say("This cannot stand here."));
  }

  /** @param {() => Node} part @returns {Node} */
  deeper(part) {
    if (++this.depth > DEEPEST) this.fail(say("This is nested too deeply."));
    const made = part();
    this.depth--;
    return made;
  }

  comparison() {
    const left = this.sum();
    const sign = this.token.kind === "sign" && COMPARISONS[this.token.text] ? this.take(this.token.text) : null;
    return sign ? this.node(COMPARISONS[sign], left, this.sum()) : left;
  }

  /** @returns {Node} */
  sum() {
    let left = this.product();
    for (let sign; (sign = this.take("+", "-"));) left = this.node(sign === "+" ? "add" : "sub", left, this.product());
    return left;
  }

  product() {
    let left = this.signed();
    for (let sign; (sign = this.take("*", "/"));) left = this.node(sign === "*" ? "mul" : "div", left, this.signed());
    return left;
  }

  /** @returns {Node} */
  signed() {
    if (this.take("+")) return this.deeper(() => this.signed());
    if (this.take("-"))
      return this.node(
        "neg",
        this.deeper(() => this.signed()),
      );
    return this.power();
  }

  power() {
    let base = this.atom();
    while (this.token.kind === "raised") {
      const digits = [...this.tokens[this.next++].text].map((c) => RAISED.indexOf(c)).join("");
      base = this.node("pow", base, this.graph.constant(Number(digits)));
    }
    if (!this.take("**")) return base;
    const exponent = this.deeper(() => this.signed());
    return this.node("pow", base, exponent);
  }

  /** @returns {Node} */
  atom() {
    const { kind, text, at } = this.token;
    if (kind === "number") {
      this.next++;
      return this.graph.constant(Number(text));
    }
    if (kind === "name") {
      this.next++;
      return this.take("(") ? this.call(text, at) : this.named(text, at);
    }
    if (this.take("(")) {
      const made = this.deeper(() => this.sum());
      if (!this.take(")"))
        this.token.kind === "end" ? this.fail(say("This parenthesis is not closed."), at) : this.unexpected();
      return made;
    }
    return this.unexpected();
  }

  /** @param {string} name @param {number} at */
  named(name, at) {
    const { functions, constants } = this.grammar;
    if (Object.hasOwn(constants, name)) return this.graph.constant(constants[name]);
    if (Object.hasOwn(functions, name)) this.fail(say("{name} is a function: write {name}(…).", { name }), at);
    if (!VARIABLE.test(name) && !this.grammar.names?.includes(name)) {
      const near = nearest(name, Object.keys(functions));
      this.fail(
        near
          ? say("There is no {name}. Did you mean {near}?", { name, near })
          : say("A variable is one letter, as x, or x1, x_max.", { name }),
        at,
      );
    }
    this.names.add(name);
    return this.graph.variable(name);
  }

  /** @param {string} name @param {number} at */
  call(name, at) {
    if (!Object.hasOwn(this.grammar.functions, name)) {
      const near = nearest(name, Object.keys(this.grammar.functions));
      if (VARIABLE.test(name) && !near)
        this.fail(say("An operator is missing before this, such as *."), this.tokens[this.next - 1].at);
      this.fail(
        near
          ? say("There is no {name}. Did you mean {near}?", { name, near })
          : say("There is no function {name}.", { name }),
        at,
      );
    }
    const op = this.grammar.functions[name];
    const wanted = this.graph.rules[op][0];
    const args = [this.deeper(() => this.comparison())];
    const first = args[0];
    while (this.take(",")) args.push(this.deeper(() => this.sum()));
    if (!this.take(")"))
      this.token.kind === "end" ? this.fail(say("This parenthesis is not closed."), at) : this.unexpected();
    if (args.length !== wanted) this.fail(say("{name} takes {n} arguments.", { name, n: wanted }), at);
    const compared = first.op in REVERSED || (first.value !== undefined && op === "where");
    if (op === "where" ? !compared : first.op in REVERSED)
      this.fail(say("A comparison stands only as the first part of where(…)."), at);
    return this.node(op, ...args);
  }
}

/** @type {Record<string, string>} */
const REVERSED = Object.fromEntries(Object.entries(COMPARISONS).map(([sign, op]) => [op, sign]));

/** @param {string} text @returns {Token[]} */
function tokens(text) {
  const found = [];
  const kinds = ["number", "raised", "name", "sign", "other"];
  TOKEN.lastIndex = 0;
  for (let m; (m = TOKEN.exec(text));) {
    const i = m.slice(1).findIndex((part) => part !== undefined);
    const at = m.index + m[0].length - m[i + 1].length;
    if (kinds[i] === "other" && !m[i + 1].trim()) break;
    found.push({ kind: kinds[i], text: SIGNS[m[i + 1]] ?? m[i + 1], at });
  }
  return [...found, { kind: "end", text: "", at: text.trimEnd().length }];
}

/** The nearest of some names, if one is near. @param {string} name @param {string[]} names */
function nearest(name, names) {
  const scored = names
    .map((n) => /** @type {[number, string]} */ ([distance(name.toLowerCase(), n), n]))
    .sort((a, b) => a[0] - b[0]);
  return scored[0][0] <= Math.max(1, name.length / 3) ? scored[0][1] : null;
}

/** How many letters differ. @param {string} a @param {string} b */
function distance(a, b) {
  if (a.length > 40) return Infinity;
  let row = [...Array(b.length + 1).keys()];
  for (let i = 1; i <= a.length; i++) {
    let corner = row[0]++;
    for (let j = 1; j <= b.length; j++) {
      const up = row[j];
      row[j] = Math.min(up + 1, row[j - 1] + 1, corner + (a[i - 1] === b[j - 1] ? 0 : 1));
      corner = up;
    }
  }
  return row[b.length];
}
