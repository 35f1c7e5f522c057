// The chain rule: the function taken apart, with values going forward and gradients coming back as the point moves.

import { layout, graphlib } from "../vendor/dagre.js";
import { h, m, s, set, sizeOf } from "./dom.js";
import { CALLED, COMPARE, digits, math, typeset, typesetName } from "./formula.js";
import { evaluator, Graph, order } from "./graph.js";
import { folded } from "./fold.js";
import { Motion } from "./motion.js";
import { say, spoken, words } from "./language.js";

const MOST = 60; // parts that are drawn
const [WIDE, HIGH] = [112, 62];
/** @type {Record<string, string>} */
const SIGN = { add: "+", sub: "−", mul: "×", div: "÷", neg: "−" };

export class Chain {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.svg = spoken(s("svg", { role: "img" }), "aria-label", () =>
      say("The parts of the function, from the variables to the result; the table has the same numbers"),
    );
    this.body = h("tbody");
    this.note = h("p.note");
    this.motion = new Motion();
    this.folded = h("div.folded");
    const head = [() => say("part"), () => say("value"), () => say("partial derivative"), () => say("gradient")];
    this.table = h(
      "table.parts",
      {},
      h("thead", {}, h("tr", {}, ...head.map((t) => h("th", { scope: "col" }, words(t))))),
      this.body,
    );
    this.element = h(
      "div.chain",
      {},
      this.note,
      this.motion.element,
      this.folded,
      scrolling(this.svg),
      scrolling(this.table),
    );
    /** @type {((x: number[]) => void) | null} */
    this.refresh = null;
    this.key = "";
  }

  /** Make the picture and the table for the function; then only numbers change. */
  build() {
    const { model } = this.app;
    const nodes = model.root ? order([model.root]).filter((n) => n.value === undefined && !(n.op in COMPARE)) : [];
    const few = nodes.length > 0 && nodes.length <= MOST;
    this.svg.replaceChildren();
    this.body.replaceChildren();
    this.refresh = null;
    this.table.hidden = !few;
    this.svg.style.display = few ? "" : "none";
    const many = say("The function has {n} parts: they are folded by name.", { n: model.parts });
    this.motion.element.hidden = !few;
    this.folded.hidden = few || (model.parts <= MOST && !model.data);
    this.note.textContent = few
      ? say(
          "Values go forward from the variables. Gradients come back: each is the gradient of the next part times the local derivative, summed where paths meet.",
        )
      : this.folded.hidden
        ? ""
        : many;
    if (!few) return;

    const names = new Map();
    nodes.filter((n) => n.op).forEach((n, i, all) => names.set(n, i === all.length - 1 ? "f" : `u_${i + 1}`));
    nodes.filter((n) => n.name !== undefined).forEach((n) => names.set(n, n.name));

    const one = model.graph.constant(1);
    const locals = nodes
      .filter((n) => n.op)
      .flatMap((n) =>
        model.graph.pull(n, one).flatMap((slope, i) => (slope ? [{ to: n, from: n.args[i], slope, i }] : [])),
      );
    const values = evaluator(nodes, model.names),
      slopes = evaluator(
        locals.map((l) => l.slope),
        model.names,
      );
    const place = new Map(nodes.map((n, i) => [n, i]));
    /** @type {any[]} */
    const texts = [];
    this.refresh = (/** @type {number[]} */ x) => {
      const v = values(x),
        d = slopes(x),
        g = new Array(nodes.length).fill(0);
      g[nodes.length - 1] = 1;
      // A node's inputs stand before it, so its own gradient is complete when it hands it on.
      for (let n = nodes.length - 1; n >= 0; n--)
        locals.forEach((l, k) => l.to === nodes[n] && (g[/** @type {number} */ (place.get(l.from))] += g[n] * d[k]));
      for (const put of texts) put(v, d, g);
      this.motion.numbers = { values: v, locals: d, gradients: g };
      this.motion.draw();
    };
    this.picture(nodes, locals, names, place, texts);
    this.rows(nodes, locals, names, place, texts);
  }

  /** @param {any[]} nodes @param {any[]} locals @param {Map<any, string>} names @param {Map<any, number>} place @param {any[]} texts */
  picture(nodes, locals, names, place, texts) {
    const narrow = this.element.clientWidth < 600;
    const g = new graphlib.Graph({ multigraph: true });
    g.setGraph({ rankdir: narrow ? "TB" : "LR", nodesep: 18, ranksep: narrow ? 44 : 62, marginx: 6, marginy: 6 });
    g.setDefaultEdgeLabel(() => ({}));
    nodes.forEach((n, i) => g.setNode(String(i), { width: WIDE, height: HIGH }));
    locals.forEach((l, k) =>
      g.setEdge(
        String(place.get(l.from)),
        String(place.get(l.to)),
        { width: 58, height: 16, labelpos: "c" },
        String(k),
      ),
    );
    layout(g);
    const { width, height } = g.graph();
    const scale = Math.min(1, Math.max(0.72, (this.element.clientWidth - 2) / width));
    set(this.svg, { viewBox: `0 0 ${width} ${height}`, width: width * scale, height: height * scale });
    /** @type {import("./motion.js").Wire[]} */
    const wires = [];
    locals.forEach((l, k) => {
      const e = g.edge({ v: String(place.get(l.from)), w: String(place.get(l.to)), name: String(k) });
      const text = s("text.local", { x: e.x, y: e.y + 4, "text-anchor": "middle" });
      const wire = s("path.wire", { d: smooth(e.points) + head(e.points) });
      wires.push({ from: place.get(l.from) ?? 0, to: place.get(l.to) ?? 0, element: wire, label: text });
      this.svg.append(wire, s("rect.local-back", { x: e.x - 29, y: e.y - 9, width: 58, height: 18, rx: 9 }), text);
      texts.push((/** @type {number[]} */ v, /** @type {number[]} */ d) => (text.textContent = "×" + digits(d[k], 3)));
    });
    /** @type {import("./motion.js").Part[]} */
    const parts = [];
    nodes.forEach((n, i) => {
      const { x, y } = g.node(String(i));
      const kind = n.op ? (i === nodes.length - 1 ? "result" : "part") : "variable";
      const value = s("text.value", { x: 0, y: 6, "text-anchor": "middle" }),
        slope = s("text.gradient", { x: 0, y: 23, "text-anchor": "middle" });
      const formula = n.op ? label(n, names) : "";
      const box = s(
        `g.box.${kind}`,
        { transform: `translate(${x},${y})` },
        s("rect", { x: -WIDE / 2, y: -HIGH / 2, width: WIDE, height: HIGH, rx: 8 }),
        s(
          "text.what",
          { x: 0, y: -13, "text-anchor": "middle" },
          n.op ? `${plainName(names.get(n) ?? "")} = ${formula}` : n.name,
        ),
        s(
          "text.order",
          { x: -WIDE / 2 + 6, y: -HIGH / 2 + 13 },
          kind === "variable" ? "" : String(parts.filter((p) => !p.isVariable).length + 1),
        ),
        value,
        slope,
      );
      this.svg.append(box);
      const name = n.op ? plainName(names.get(n) ?? "") : n.name;
      parts.push({ box, name, formula, isResult: kind === "result", isVariable: !n.op });
      texts.push((/** @type {number[]} */ v, /** @type {number[]} */ _, /** @type {number[]} */ g) => {
        value.textContent = digits(v[i], 4);
        slope.textContent = `∂f: ${digits(g[i], 4)}`;
      });
    });
    this.motion.adopt(parts, wires);
  }

  /** @param {any[]} nodes @param {any[]} locals @param {Map<any, string>} names @param {Map<any, number>} place @param {any[]} texts */
  rows(nodes, locals, names, place, texts) {
    const { model } = this.app;
    const own = new Graph(model.graph.rules);
    /** @type {(a: any) => any} */
    const shown = (a) =>
      a.value !== undefined
        ? own.constant(a.value)
        : names.has(a)
          ? own.variable(/** @type {string} */ (names.get(a)))
          : own.node(a.op, a.args.map(shown));
    for (const n of nodes) {
      const i = /** @type {number} */ (place.get(n));
      const value = h("td.number"),
        gradient = h("td.number"),
        local = h("td");
      const plain = plainName(/** @type {string} */ (names.get(n)));
      const name = typesetName(/** @type {string} */ (names.get(n)));
      const head = (/** @type {any[]} */ ...formula) => {
        const said = n.op ? `${plain} = ${label(n, names)}` : plain; // not every screen reader has MathML
        return h("th", { scope: "row" }, h("span.unseen", {}, said), set(math(...formula), { "aria-hidden": "true" }));
      };
      if (!n.op) this.body.append(h("tr", {}, head(name), value, local, gradient));
      else {
        const part = own.node(n.op, n.args.map(shown));
        const pulled = own.pull(part, own.constant(1));
        locals.forEach((l, k) => {
          const formula = l.to === n && part.op ? pulled[l.i] : null;
          if (!formula) return;
          const number = h("span.number");
          const fraction = m(
            "mfrac",
            m("mrow", m("mo", "∂"), name.cloneNode(true)),
            m("mrow", m("mo", "∂"), typesetName(/** @type {string} */ (names.get(l.from)))),
          );
          local.append(h("div.slope", {}, math(fraction, "=", typeset(formula)), number));
          if (formula.value === undefined)
            texts.push(
              (/** @type {number[]} */ _, /** @type {number[]} */ d) => (number.textContent = "= " + digits(d[k], 4)),
            );
        });
        this.body.append(h("tr", {}, head(name, "=", typeset(part)), value, local, gradient));
      }
      texts.push((/** @type {number[]} */ v, /** @type {number[]} */ _, /** @type {number[]} */ g) => {
        value.textContent = digits(v[i], 5);
        gradient.textContent = digits(g[i], 5);
      });
    }
  }

  draw() {
    const { app } = this;
    const size = sizeOf(this.element, app.held);
    const key = [app.model.text, app.model.names, size.width < 600, app.state.language].join();
    if (key !== this.key) {
      this.key = key;
      this.build();
    }
    this.refresh?.(app.run.points[app.shownStep()]);
    if (!this.folded.hidden) this.folded.replaceChildren(...folded(app));
  }
}

/** What may be wider than the page, with a place for the keyboard. @param {Element} content */
function scrolling(content) {
  return spoken(h("div.scroll", { tabindex: 0, role: "group" }, content), "aria-label", () => say("The chain rule"));
}

/** What a part does, in a few signs. @param {any} n @param {Map<any, string>} names */
function label(n, names) {
  const [a, b] = n.args.map((/** @type {any} */ x) =>
    x.value === undefined ? plainName(names.get(x) ?? "") : digits(x.value, 3),
  );
  if (n.op === "neg") return `−${a}`;
  if (n.op in SIGN) return `${a} ${SIGN[n.op]} ${b}`;
  if (n.op === "pow") return /^\d$/.test(b) ? a + "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(b)] : `${a} ^ ${b}`;
  const name = CALLED[n.op] ?? n.op,
    text = `${name}(${n.args.length > 1 ? `${a}, ${b}` : a})`;
  return text.length > 12 || n.args.length > 2 ? `${name}(…)` : text;
}

/** u_12 with its index below the line. @param {string} name */
function plainName(name) {
  return name.replace(/^u_(\d+)$/, (_, d) => "u" + [...d].map((c) => "₀₁₂₃₄₅₆₇₈₉"[Number(c)]).join(""));
}

/** The tip of an arrow at the end of a wire. @param {{x: number, y: number}[]} points */
function head(points) {
  const [a, b] = points.slice(-2);
  const [dx, dy] = [b.x - a.x, b.y - a.y],
    size = Math.hypot(dx, dy) || 1;
  const wing = (/** @type {number} */ side) =>
    `${b.x - (8 * dx - side * 4 * dy) / size},${b.y - (8 * dy + side * 4 * dx) / size}`;
  return `M${wing(1)}L${b.x},${b.y}L${wing(-1)}`;
}

/** @param {{x: number, y: number}[]} points */
function smooth(points) {
  const [first, ...rest] = points;
  const last = rest[rest.length - 1];
  const middle = rest
    .slice(0, -1)
    .map(
      (p, i) =>
        `Q${p.x},${p.y} ${i === rest.length - 2 ? `${last.x},${last.y}` : `${(p.x + rest[i + 1].x) / 2},${(p.y + rest[i + 1].y) / 2}`}`,
    );
  return `M${first.x},${first.y}${middle.join("")}`;
}
