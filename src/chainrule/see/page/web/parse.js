// What is typed, `x**2 - 4*x + 5` or `x² - 4x + 5`, as a graph over the op table. It is parsed, never run as code.
//
// The grammar, and the way through it, are those of the Python side (`func/expression.py`, `func/parser.py`): what is
// finished is in one stack, what waits for its right-hand side in another.

import { say } from "./language.js";

/** @typedef {import("./graph.js").Node} Node */
/** @typedef {{kind: string, text: string, at: number, end: number}} Token */
/** @typedef {{op: string, inputs: number, level: number, at: number, below: number, name: string, power: number}} Pending what waits: an
 * operator, or what was opened (of level 0; with an op, of a call) */
/** @typedef {{node: Node, at: number, begin: number, truth: boolean, degree: number, known: boolean}} Value */

const LONGEST = 10000,
  DEEPEST = 200,
  HIGHEST = 1000;
/** @type {Record<string, string>} */
const SIGNS = { "×": "*", "·": "*", "⋅": "*", "−": "-", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "^": "**" };
/** @type {Record<string, string>} */
const OPERATORS = {
  ...{ "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne" },
  ...{ "+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow" },
};
const [SUM, SIGNED, BARE, BESIDE, POWER, ROOT] = [2, 4, 5, 6, 7, 8]; // how tightly things bind
/** @type {Record<string, number>} */
const LEVELS = { "+": SUM, "-": SUM, "*": 3, "/": 3, "**": POWER };
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const TOKEN =
  /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(π(?![\d_])|[\p{L}_][\p{L}\p{Mn}\p{Mc}\d_]*)|(\*\*|[<>=!]=|\/(?!\/)|[-+*<>(),|√×·⋅−÷≤≥≠^])|(\/\/|.))/suy;
const VARIABLE =
  /^(?:\p{L}|alpha|beta|gamma|delta|epsilon|eta|theta|iota|kappa|mu|nu|xi|rho|sigma|tau|upsilon|phi|chi|psi|omega)(?:\d+|_[\p{L}\d_]+)?$/u;

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
    this.text = text;
    this.graph = graph;
    this.grammar = grammar;
    this.tokens = tokens(text);
    this.next = 0;
    /** @type {Set<string>} */
    this.names = new Set();
    /** @type {Value[]} */
    this.values = [];
    /** @type {Pending[]} */
    this.pending = [];
    /** @type {Set<number>} the tokens | that close a modulus */
    this.bars = new Set();
    this.grouped = false; // whether the last ) closed plain parentheses
  }

  whole() {
    if (this.tokens[0].kind === "end") this.fail(say("The expression is empty."), 0);
    let operand = true;
    for (;;) {
      const token = this.tokens[this.next++];
      operand = operand ? this.operand(token) : this.operator(token);
      if (this.pending.length > DEEPEST) this.fail(say("This is nested too deeply."), token.at);
      if (token.kind === "end") return this.values[0].node;
    }
  }

  /** @param {string} message @param {number} at @returns {never} */
  fail(message, at) {
    throw new ExpressionError(message, at);
  }

  /** @param {string} one @param {string} other @param {number} at @returns {never} */
  twoWays(one, other, at) {
    this.fail(say("this can be read in two ways: write {one} or {other}", { one, other }), at);
  }

  /** The last of what waits. */
  get top() {
    return this.pending[this.pending.length - 1];
  }

  /** The innermost of what is open. */
  get opened() {
    return this.pending.findLast((p) => p.level === 0);
  }

  /** @param {string} name */
  isFunction(name) {
    return Object.hasOwn(this.grammar.functions, name);
  }

  /** @param {string} name */
  isConstant(name) {
    return Object.hasOwn(this.grammar.constants, name);
  }

  // ------------------------------------------------------------------------------------- where a value is expected

  /** Read a token where a value begins; returns whether the next one begins a value too. @param {Token} token @returns {boolean} */
  operand(token) {
    const { kind, text, at } = token;
    if (kind === "number") return (this.number(this.decimal(token), at), false);
    if (kind === "name") return this.name(text, at);
    if (text === "(") this.open("", 1, 0, at, "(");
    else if (text === "|") this.open("abs", 1, 0, at, "|");
    else if (text === "√") {
      const called = this.tokens[this.next].text === "(";
      if (called) this.next++;
      this.open("sqrt", 1, called ? 0 : ROOT, at, "√");
    } else if (text === "-") this.open("neg", 1, SIGNED, at, "");
    else if (text !== "+") {
      if (kind === "end") this.fail(say("Something is missing at the end."), at);
      this.fail(say("This cannot stand here."), at);
    }
    return true;
  }

  /** @param {string} op @param {number} inputs @param {number} level @param {number} at @param {string} name @param {number} [power] */
  open(op, inputs, level, at, name, power = 0) {
    this.pending.push({ op, inputs, level, at, name, power, below: this.values.length });
  }

  /** A number; 3,5 is one too, but among several arguments, where a comma parts them as it always did. @param {Token} token */
  decimal({ text, at, end }) {
    const [comma, part] = this.tokens.slice(this.next, this.next + 2);
    const whole = /^\d+$/;
    if (
      whole.test(text) &&
      comma.text === "," &&
      comma.at === end &&
      part?.at === comma.end &&
      part.kind === "number" &&
      /^\d[^.]*$/.test(part.text) &&
      (this.opened?.inputs ?? 1) === 1
    ) {
      const thousands = part.text.length === 3 && whole.test(part.text) && text.length < 4 && text[0] !== "0";
      if (thousands) this.twoWays(`${text}.${part.text}`, text + part.text, comma.at);
      this.next += 2;
      text += `.${part.text}`;
    }
    if (!Number.isFinite(Number(text))) this.fail(say("This is not a finite number."), at);
    return Number(text);
  }

  /** A function's name, a constant, or a variable. @param {string} name @param {number} at @returns {boolean} */
  name(name, at) {
    const following = this.tokens[this.next];
    if (this.isFunction(name)) return this.function(name, at);
    if (this.isConstant(name)) {
      if (name === "e" && following.text === "(") this.twoWays("e**(…)", "e*(…)", following.at);
      return (this.number(this.grammar.constants[name], at), false);
    }
    if (!VARIABLE.test(name) && !this.grammar.names?.includes(name)) {
      const near = nearest(name, [...Object.keys(this.grammar.functions), ...Object.keys(this.grammar.constants)]);
      this.fail(
        near
          ? say("There is no {name}. Did you mean {near}?", { name, near })
          : following.text === "("
            ? say("There is no function {name}.", { name })
            : say("A variable is one letter, as x, or x1, x_max.", { name }),
        at,
      );
    }
    if (following.text === "(")
      this.fail(say("{name} is a variable, not a function; a product is {name}*(...)", { name }), at);
    this.names.add(name);
    this.values.push({ node: this.graph.variable(name), at, begin: at, truth: false, degree: 1, known: false });
    return false;
  }

  /** A function with its parenthesis, or without, as in sin x; sin²x is the square of the sine. @param {string} name @param {number} at */
  function(name, at) {
    const op = this.grammar.functions[name];
    const inputs = this.graph.rules[op][0];
    let power = 0,
      following = this.tokens[this.next];
    if (following.kind === "raised") ((power = raised(following)), this.next++);
    else if (following.text === "**") {
      const exponent = this.tokens[this.next + 1];
      if (exponent.text === "-") this.twoWays(`1/${name}(…)`, say("the inverse function"), following.at);
      if (inputs === 1 && /^\d{1,4}$/.test(exponent.text)) ((power = Number(exponent.text)), (this.next += 2));
    }
    following = this.tokens[this.next];
    if (following.text === "(") (this.next++, this.open(op, inputs, 0, following.at, name, power));
    else if (inputs === 1 && (["number", "name"].includes(following.kind) || ["|", "√"].includes(following.text)))
      this.open(op, 1, BARE, at, name, power);
    else this.fail(say("{name} is a function: write {name}(…).", { name }), at);
    return true;
  }

  // ------------------------------------------------------------------------------------------------- after a value

  /** Read a token that follows a value; returns whether the next one begins a value. @param {Token} token @returns {boolean} */
  operator(token) {
    const { kind, text, at } = token;
    if (kind === "raised") {
      if (this.top?.level === ROOT) this.root((x) => x + [...text].join(""), token);
      return (this.raise(raised(token), at), false);
    }
    if (Object.hasOwn(OPERATORS, text)) return (this.binary(token), true);
    if (text === ")" || (text === "|" && this.opened?.name === "|")) {
      this.reduce(1);
      this.close(token);
      return false;
    }
    if (text === ",") {
      this.reduce(1);
      this.comma(at);
      return true;
    }
    if (kind === "other" || (kind === "sign" && !["(", "|", "√"].includes(text)))
      this.fail(say("This cannot stand here."), at);
    if (kind !== "end") return (this.beside(token), this.operand(token));
    this.reduce(1);
    if (this.pending.length) this.unclosed(this.top);
    this.check(this.values[0], false);
    return true;
  }

  /** @param {Token} token */
  binary({ text, at }) {
    const level = LEVELS[text] ?? 1,
      following = this.tokens[this.next];
    if (level === POWER && this.top?.level === ROOT)
      this.root((x) => `${x}**${following.text}`, this.tokens[this.next - 1]);
    const bare = text === "*" || text === "/" ? this.bare() : null;
    if (bare) this.applied(bare, text, following, at);
    this.reduce(level < POWER ? level : POWER + 1); // powers are read from the right
    this.open(OPERATORS[text], 2, level, at, text);
  }

  /** A function without parentheses that the last value belongs to. */
  bare() {
    const found = this.pending.findLast((p) => p.level <= BARE);
    return found?.level === BARE ? found : null;
  }

  /** A factor without a sign before it, as in 2x: where that can be read in one way alone. @param {Token} token */
  beside(token) {
    const before = this.tokens[this.next - 2];
    const name = token.kind === "name" ? token.text : "";
    const afterVariable = before.kind === "name" && !this.isConstant(before.text);
    if (token.kind === "number" || (afterVariable && name && !this.isFunction(name) && !this.isConstant(name)))
      this.fail(say("An operator is missing before this, such as *."), token.at);
    if (token.text === "|" && this.tornBars()) this.fail(say("this | can open or close: write abs(...)"), token.at);
    const bare = this.bare();
    if (bare) {
      const last = this.values[this.values.length - 1];
      if (this.isFunction(name) && last.degree)
        this.reduce(BARE); // sin x cos y is a product
      else if (!name || this.isFunction(name) || !(before.kind === "number" || this.isConstant(before.text)))
        this.applied(bare, "*", token, token.at);
    }
    const factor = this.short(token);
    if (this.top?.level === ROOT) this.root((x) => `${x}*${factor}`, token);
    if (this.top?.level === POWER && before.text === ")" && this.grouped) this.reduce(POWER); // x^(2)y
    for (const p of this.pending.toReversed()) {
      if (p.level <= SUM) break;
      if (p.level !== POWER && p.name !== "/") continue;
      const left = this.source(this.values[p.below - 1].begin, p.at);
      const right = this.source(p.at + (this.text.startsWith("**", p.at) ? 2 : 1), before.end);
      this.twoWays(`${left}${p.name}(${right}*${factor})`, `(${left}${p.name}${right})*${factor}`, token.at);
    }
    this.reduce(BESIDE);
    this.open("mul", 2, BESIDE, token.at, "");
  }

  /** Whether a modulus was closed in the product at hand: in |2|x|+1| the second | may open or close. */
  tornBars() {
    for (let i = this.next - 2, depth = 0; i >= 0; i--) {
      const { kind, text } = this.tokens[i];
      depth += Number(text === ")") - Number(text === "(");
      const parts = kind === "sign" && (text === "," || (Object.hasOwn(OPERATORS, text) && (LEVELS[text] ?? 1) <= SUM));
      if (depth < 0 || (depth === 0 && parts)) return false;
      if (depth === 0 && this.bars.has(i)) return true;
    }
    return false;
  }

  /** What is written there, shortened. @param {number} begin @param {number} end */
  source(begin, end) {
    const text = this.text.slice(begin, end).trim();
    return text.length <= 16 ? text : `…${text.slice(-15)}`;
  }

  /** A function without parentheses before a factor: is that within it or not? @param {Pending} bare @param {string} sign
   * @param {Token} token @param {number} at @returns {never} */
  applied({ name }, sign, token, at) {
    const inside = this.source(this.values[this.values.length - 1].begin, this.tokens[this.next - 2].end);
    const factor = this.short(token);
    this.twoWays(`${name}(${inside})${sign}${factor}`, `${name}(${inside}${sign}${factor})`, at);
  }

  /** @param {(x: string) => string} more @param {Token} token @returns {never} */
  root(more, token) {
    const inside = this.source(this.values[this.values.length - 1].begin, this.tokens[this.next - 2].end);
    this.twoWays(`√(${more(inside)})`, more(`√(${inside})`), token.at);
  }

  /** A factor that has not been read yet: its beginning. @param {Token} token */
  short({ text }) {
    const opens = { "(": "(…)", "|": "|…|", "√": "√…", "-": "-…" }[text];
    return opens ?? (this.isFunction(text) ? `${text}(…)` : text.slice(0, 12));
  }

  /** @param {number} at */
  comma(at) {
    const opened = this.top;
    if (!opened?.op || opened.name === "|") this.fail(say("This cannot stand here."), at);
    if (this.values.length - opened.below >= opened.inputs) this.wrongCount(opened, at);
  }

  /** A closing parenthesis, of a call or just so; or a bar. @param {Token} token */
  close({ text, at }) {
    const opened = this.pending.pop();
    if (!opened) return this.fail(say("This parenthesis closes nothing."), at);
    if ((opened.name === "|") !== (text === "|")) this.unclosed(opened);
    if (text === "|") this.bars.add(this.next - 1);
    this.grouped = !opened.op;
    if (opened.op) {
      if (this.values.length - opened.below !== opened.inputs) this.wrongCount(opened, at);
      this.apply(opened);
    }
    const value = this.values[this.values.length - 1];
    value.begin = Math.min(opened.at, value.begin);
  }

  /** @param {Pending} opened @returns {never} */
  unclosed({ name, at }) {
    this.fail(name === "|" ? say("this | has no second one") : say("This parenthesis is not closed."), at);
  }

  /** @param {Pending} call @param {number} at @returns {never} */
  wrongCount({ name, inputs }, at) {
    this.fail(say("{name} takes {n} arguments.", { name, n: inputs }), at);
  }

  // ----------------------------------------------------------------------------------------------- what is finished

  /** Apply the pending operators that bind at least as tightly; what is opened has level 0. @param {number} level */
  reduce(level) {
    while (this.top?.level >= level) this.apply(/** @type {Pending} */ (this.pending.pop()));
  }

  /** @param {number} x @param {number} at */
  number(x, at) {
    this.values.push({ node: this.graph.constant(x), at, begin: at, truth: false, degree: 0, known: true });
  }

  /** @param {number} power @param {number} at */
  raise(power, at) {
    this.number(power, at);
    this.apply({ op: "pow", inputs: 2, level: POWER, at, below: 0, name: "", power: 0 });
  }

  /** @param {Value} value @param {boolean} truth */
  check(value, truth) {
    if (value.truth !== truth) this.fail(say("A comparison stands only as the first part of where(…)."), value.at);
  }

  /** Let an op take its values. @param {Pending} p */
  apply(p) {
    const { op, at } = p;
    const values = this.values.splice(-p.inputs);
    values.forEach((value, i) => this.check(value, op === "where" && i === 0));
    const degree = this.degree(p, values),
      known = values.every((v) => v.known);
    const node = this.graph.node(
      op,
      values.map((v) => v.node),
    );
    if (known && !Number.isFinite(node.value)) this.fail(say("This is not a finite number."), at);
    const truth = COMPARED.has(op);
    this.values.push({ node, at, begin: Math.min(at, values[0].begin), truth, degree, known });
    if (p.power) this.raise(p.power, at);
  }

  /** The highest power that an op makes of its values; refused if it is too high. @param {Pending} p @param {Value[]} values */
  degree({ op, at }, values) {
    let degree = Math.max(...values.map((v) => v.degree));
    if (op === "pow" && values[1].known)
      degree = values[0].degree * Math.max(Math.abs(Number(values[1].node.value)), 1);
    else if (op === "square") degree *= 2;
    if (degree > HIGHEST) this.fail(say("Exponents go up to {most}.", { most: HIGHEST }), at);
    return degree;
  }
}

const COMPARED = new Set(["lt", "le", "gt", "ge", "eq", "ne"]);

/** @param {Token} token */
function raised({ text }) {
  return Number(
    [...text]
      .slice(0, 9)
      .map((c) => RAISED.indexOf(c))
      .join(""),
  );
}

/** @param {string} text @returns {Token[]} */
function tokens(text) {
  const found = [];
  const kinds = ["number", "raised", "name", "sign", "other"];
  TOKEN.lastIndex = 0;
  for (let m; (m = TOKEN.exec(text));) {
    const i = m.slice(1).findIndex((part) => part !== undefined);
    const at = m.index + m[0].length - m[i + 1].length;
    if (kinds[i] === "other" && !m[i + 1].trim()) break;
    const read = kinds[i] === "name" ? m[i + 1].normalize("NFKC") : (SIGNS[m[i + 1]] ?? m[i + 1]);
    found.push({ kind: kinds[i], text: read, at, end: at + m[i + 1].length });
  }
  const end = text.trimEnd().length;
  return [...found, { kind: "end", text: "", at: end, end }];
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
