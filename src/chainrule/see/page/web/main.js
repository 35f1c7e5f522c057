// Where the page begins: the data is read, the parts are made and put in their places.

import { Aids } from "./aids.js";
import { App } from "./app.js";
import { Chain } from "./chain.js";
import { Controls } from "./controls.js";
import { DataPlot } from "./data.js";
import { descend } from "./descent.js";
import { h } from "./dom.js";
import { D, gradient, OPS, OPTIMISERS, predict, value } from "./emitted.js";
import { digits } from "./formula.js";
import { Head } from "./head.js";
import { say, setCatalogues, setLanguage, spoken, words } from "./language.js";
import { LossPlot } from "./losses.js";
import { fromText } from "./model.js";
import { CurvePlot } from "./plot1d.js";
import { PlanePlot } from "./plot2d.js";
import { Player } from "./player.js";
import { called } from "./race.js";
import { Steps } from "./steps.js";
import { verdict } from "./verdict.js";

/** JSON with the numbers that JSON lacks. @param {string} text */
const read = (text) =>
  JSON.parse(text, (_, x) =>
    x && typeof x === "object" && Object.keys(x).join() === "number" && typeof x.number === "string"
      ? Number(x.number)
      : x,
  );

const data = read(/** @type {HTMLElement} */ (document.getElementById("data")).textContent ?? "");
setCatalogues(data.catalogues);
const app = new App(data);
setLanguage(app.state.language);
app.compute();

const aids = new Aids(app),
  head = new Head(app),
  controls = new Controls(app),
  player = new Player(app),
  losses = new LossPlot(app),
  chain = new Chain(app),
  steps = new Steps(app);
const dataPlot = new DataPlot(app);
const stage = h("div.stage"),
  verdictBox = h("div.verdict", { role: "status" });
const axes = h("div.axes");
const zoomed = (/** @type {string} */ sign, /** @type {() => string} */ title, /** @type {() => void} */ act) =>
  spoken(spoken(h("button.icon", { type: "button", onclick: act }, sign), "aria-label", title), "title", title);
const zoom = h(
  "div.zoom",
  {},
  zoomed(
    "↶",
    () => say("Undo"),
    () => app.undo(),
  ),
  zoomed(
    "−",
    () => say("Zoom out"),
    () => app.plot.zoom(1.5),
  ),
  zoomed(
    "+",
    () => say("Zoom in"),
    () => app.plot.zoom(1 / 1.5),
  ),
  zoomed(
    "⟲",
    () => say("Reset view"),
    () => app.change({ domain: null }),
  ),
);

const legend = h("p.legend-line");

/** @param {() => string} title @param {Element} content */
const titled = (title, content) => h("section", {}, h("h2", {}, words(title)), content);

document.body.prepend(
  head.bar,
  h(
    "main",
    {},
    head.element,
    h(
      "div.work",
      {},
      h(
        "div.figure",
        {},
        h("div.toolbar", {}, legend, axes, zoom),
        stage,
        aids.element,
        player.element,
        player.numbers,
      ),
      h("div.side", {}, controls.element, verdictBox),
    ),
    titled(() => say("The loss over the steps"), losses.element),
    titled(() => say("The chain rule"), chain.element),
    steps.element,
    h(
      "footer",
      {},
      words(() => say("Computed in double precision, in this page alone: it needs no network.")),
    ),
  ),
);

const view = {
  key: "",
  draw() {
    const n = app.model.names.length;
    const kind = n === 1 ? "curve" : "plane";
    if (kind !== this.key) {
      this.key = kind;
      app.plot = kind === "curve" ? new CurvePlot(app) : new PlanePlot(app);
      stage.replaceChildren(app.plot.element, dataPlot.element);
    }
    axes.hidden = n < 3;
    if (n >= 3) chooseAxes();
    const key =
      kind === "curve"
        ? [
            ["curve", say("function")],
            ["derivative", say("derivative")],
            ["tangent", say("tangent")],
            ["run0", say("descent")],
          ]
        : [
            ["run0", say("descent")],
            ["arrows", say("downhill")],
          ];
    if (app.kept.length) {
      const plans = [app.state, ...app.kept.map(({ plan }) => plan)];
      key.splice(-1 - Number(kind === "plane"), 1, ...plans.map((plan, i) => [`run${i}`, called(app, plan)]));
    }
    legend.replaceChildren(...key.map(([name, text]) => h(`span.legend.${name}`, {}, text)));
    stage.classList.toggle("playing", app.playing > 0 && app.state.speed <= 30);
    stage.style.setProperty("--tick", `${1 / app.state.speed}s`);
    stage.classList.toggle("with-data", app.model.data !== null);
    app.plot.draw();
    dataPlot.draw();
  },
};

/** Which two coordinates the plane shows. */
function chooseAxes() {
  const { names } = app.model,
    now = app.axes();
  const key = JSON.stringify([names, now, app.state.language]);
  if (axes.dataset.key === key) return;
  axes.dataset.key = key;
  axes.replaceChildren(
    ...[0, 1].map((which) => {
      const select = h(
        "select",
        {
          "aria-label": which ? say("Upward") : say("Across"),
          onchange: () => {
            const chosen = app.axes();
            const other = chosen[1 - which];
            chosen[which] = Number(select.value);
            if (chosen[0] === chosen[1]) chosen[1 - which] = other === chosen[which] ? now[which] : other;
            app.change({ axes: chosen, domain: null });
          },
        },
        ...names.map((n, i) => h("option", { value: i }, n)),
      );
      select.value = String(now[which]);
      return select;
    }),
  );
}

const outcome = {
  key: "",
  draw() {
    const { kind, title, text, place = null } = verdict(app);
    const key = [kind, title, text, place].join("\n");
    if (key === this.key) return;
    this.key = key;
    verdictBox.className = `verdict ${kind}`;
    const go = place && [h("button", { type: "button", onclick: () => app.startFrom(place) }, say("Start there"))];
    verdictBox.replaceChildren(h("strong", {}, title), h("span", {}, text), ...(go ?? []));
  },
};

// The figure first; what is below it, in the frame after.
app.parts = [head, view, aids, outcome, player, losses, controls];
app.now();
performance.mark("first-frame");
requestAnimationFrame(() =>
  setTimeout(() => {
    app.parts.push(chain, steps);
    app.draw();
  }),
);

// Who has the page in a frame is told its height, so that the frame can grow with what is in it.
if (parent !== window)
  new ResizeObserver(() => parent.postMessage({ chainrule: document.body.offsetHeight }, "*")).observe(document.body);

addEventListener("keydown", (event) => {
  if (
    (event.ctrlKey || event.metaKey) &&
    event.key === "z" &&
    !(/** @type {Element} */ (event.target).closest("input"))
  )
    return (event.preventDefault(), app.undo());
  const busy = /** @type {Element} */ (event.target).closest("input, select, button, summary, textarea");
  if (busy || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    " ": () => app.play(),
    ArrowRight: () => app.goTo(app.state.step + 1),
    ArrowLeft: () => app.goTo(Math.min(app.state.step, app.lastStep()) - 1),
    Home: () => app.goTo(0),
    End: () => app.goTo(Infinity),
  }[event.key];
  if (act) (event.preventDefault(), act());
});

// For tests, and for those who look behind the curtain.
Object.assign(globalThis, {
  chainrule: {
    app,
    digits,
    value,
    gradient,
    predict,
    D,
    OPS,
    OPTIMISERS,
    verdict,
    descend: (/** @type {any} */ plan, /** @type {number} */ steps) => descend(app.model, plan, steps),
    fromText: (/** @type {string} */ text) => fromText(text, data, app.first.names),
  },
});
