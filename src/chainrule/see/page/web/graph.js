// A function as a graph of ops, and its derivative by the op table's own rules.
//
// A node is a variable (name), a constant (value), or an op on other nodes; equal nodes are one object. The rules are
// trees such as ["mul", "g", ["cos", "x0"]]: g is the gradient that comes in, x0, x1 the inputs, out the result.

import { OPS } from "./emitted.js";

/** @typedef {{id: number, op: string, args: Node[], name?: string, value?: number}} Node */
/** @typedef {number | string | any[]} Tree */

export class Graph {
  /** @param {Record<string, [number, (Tree | null)[] | null]>} rules */
  constructor(rules) {
    this.rules = rules;
    /** @type {Map<string, Node>} */
    this.known = new Map();
  }

  /** @param {string} key @param {Partial<Node>} parts @returns {Node} */
  make(key, parts) {
    let node = this.known.get(key);
    if (!node) this.known.set(key, (node = { id: this.known.size, op: "", args: [], ...parts }));
    return node;
  }

  /** @param {string} name */
  variable(name) {
    return this.make(`v ${name}`, { name });
  }

  /** @param {number | boolean} value */
  constant(value) {
    return this.make(`c ${Object.is(value, -0) ? "-0" : Number(value)}`, { value: Number(value) });
  }

  /** An op on nodes, folded where all are known. @param {string} op @param {Node[]} args @returns {Node} */
  node(op, args) {
    if (args.every((a) => a.value !== undefined)) return this.constant(OPS[op](...args.map((a) => a.value)));
    return simpler(this, op, args) ?? this.make(`${op} ${args.map((a) => a.id)}`, { op, args });
  }

  /** @param {Tree | null} tree @param {Record<string, Node>} names @returns {Node} */
  grow(tree, names) {
    if (typeof tree === "string") return names[tree];
    if (!Array.isArray(tree)) return this.constant(Number(tree));
    return this.node(
      tree[0],
      tree.slice(1).map((t) => this.grow(t, names)),
    );
  }

  /** How a gradient g flows from a node to each of its inputs. @param {Node} node @param {Node} g @returns {(Node | null)[]} */
  pull(node, g) {
    /** @type {Record<string, Node>} */
    const names = { g, out: node };
    node.args.forEach((a, i) => (names[`x${i}`] = a));
    const rule = this.rules[node.op][1];
    return node.args.map((a, i) =>
      rule && rule[i] !== null && a.value === undefined ? this.grow(rule[i], names) : null,
    );
  }

  /** The gradient of a node in each of some others: the chain rule, from the result back. @param {Node} root @param {Node[]} wanted */
  gradient(root, wanted) {
    /** @type {Map<Node, Node>} */
    const slopes = new Map([[root, this.constant(1)]]);
    for (const node of order([root]).reverse()) {
      const g = slopes.get(node);
      if (!g || !node.op) continue;
      this.pull(node, g).forEach((part, i) => {
        if (!part) return;
        const before = slopes.get(node.args[i]);
        slopes.set(node.args[i], before ? this.node("add", [before, part]) : part);
      });
    }
    return wanted.map((w) => slopes.get(w) ?? this.constant(0));
  }
}

/** What stands for an op with a neutral number in it. @param {Graph} graph @param {string} op @param {Node[]} args */
function simpler(graph, op, [x, y, z]) {
  if (op === "add") return y.value === 0 ? x : x.value === 0 ? y : null;
  if (op === "sub") return y.value === 0 ? x : null;
  if (op === "mul") return y.value === 1 ? x : x.value === 1 ? y : y.value === -1 ? graph.node("neg", [x]) : null;
  if (op === "div") return y.value === 1 ? x : null;
  if (op === "pow") return y.value === 1 ? x : y.value === 0 ? graph.constant(1) : null;
  if (op === "neg") return x.op === "neg" ? x.args[0] : null;
  if (op === "where") return x.value === undefined ? null : x.value ? y : z;
  return null;
}

/** All nodes that some need, each after those that it needs. @param {Node[]} roots @returns {Node[]} */
export function order(roots) {
  /** @type {Set<Node>} */
  const seen = new Set();
  const stack = [...roots];
  while (stack.length) {
    const node = /** @type {Node} */ (stack.pop());
    if (!seen.has(node)) {
      seen.add(node);
      stack.push(...node.args);
    }
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** A function that computes nodes from the variables' values. @param {Node[]} wanted @param {string[]} names */
export function evaluator(wanted, names) {
  const nodes = order(wanted);
  const at = new Map(nodes.map((n, i) => [n, i]));
  const values = new Array(nodes.length).fill(0);
  const inputs = nodes.flatMap((n, i) => (n.name === undefined ? [] : [[i, names.indexOf(n.name)]]));
  nodes.forEach((n, i) => n.value !== undefined && (values[i] = n.value));
  const steps = nodes.flatMap((n, i) => {
    if (!n.op) return [];
    const [a, b, c] = n.args.map((x) => /** @type {number} */ (at.get(x)));
    const f = OPS[n.op];
    if (n.args.length === 1) return [() => (values[i] = f(values[a]))];
    if (n.args.length === 2) return [() => (values[i] = f(values[a], values[b]))];
    if (n.args.length === 3) return [() => (values[i] = f(values[a], values[b], values[c]))];
    const all = n.args.map((x) => /** @type {number} */ (at.get(x)));
    return [() => (values[i] = f(...all.map((k) => values[k])))];
  });
  const out = wanted.map((n) => /** @type {number} */ (at.get(n)));
  return (/** @type {ArrayLike<number>} */ x) => {
    for (const [i, k] of inputs) values[i] = x[k];
    for (const step of steps) step();
    return out.map((i) => Number(values[i]));
  };
}

/** A graph from data: numbers, names, and [op, ...places of earlier entries]; the last is the result.
 * @param {Graph} graph @param {any[]} data */
export function planted(graph, data) {
  /** @type {Node[]} */
  const nodes = [];
  for (const entry of data) {
    if (typeof entry === "string") nodes.push(graph.variable(entry));
    else if (Array.isArray(entry))
      nodes.push(
        graph.node(
          entry[0],
          entry.slice(1).map((i) => nodes[i]),
        ),
      );
    else nodes.push(graph.constant(entry));
  }
  return nodes[nodes.length - 1];
}
