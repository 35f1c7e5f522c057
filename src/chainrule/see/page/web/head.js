// The top of the page: the function, typed and typeset, its language, theme and links.

import { h, m, set } from "./dom.js";
import { begin, EXAMPLES } from "./examples.js";
import { math, typeset, typesetName } from "./formula.js";
import { imported } from "./imported.js";
import { language, say, spoken, words } from "./language.js";
import { csvText, download, embedding, pngBlob, svgText } from "./save.js";
import { Tour } from "./tour.js";

const TYPESET = 120; // nodes of a graph up to which it is written as a formula

export class Head {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    const { data } = app;
    const said = (/** @type {() => string} */ title, /** @type {() => void} */ act) =>
      h("button", { type: "button", onclick: act }, words(title));
    this.language = h(
      "select",
      { onchange: () => app.change({ language: this.language.value }) },
      ...Object.entries(data.languages).map(([value, name]) =>
        h("option", { value, lang: value }, /** @type {string} */ (name)),
      ),
    );
    spoken(this.language, "aria-label", () => say("Language"));
    this.theme = h(
      "select",
      { onchange: () => app.change({ theme: this.theme.value }) },
      h(
        "option",
        { value: "auto" },
        words(() => say("Auto")),
      ),
      h(
        "option",
        { value: "light" },
        words(() => say("Light")),
      ),
      h(
        "option",
        { value: "dark" },
        words(() => say("Dark")),
      ),
    );
    spoken(this.theme, "aria-label", () => say("Theme"));
    this.done = h("span.done", { role: "status" });
    this.tour = new Tour();
    const name =
      data.title
        .replace(/[^\p{L}\p{N}]+/gu, "-")
        .replace(/^-+|-+$/g, "")
        .slice(0, 40) || "page";
    const svg = () => /** @type {SVGSVGElement} */ (app.plot.svg);
    this.bar = h(
      "header.bar",
      {},
      h("span.mark", {}, "chainrule"),
      h("h1", {}, h(`span${data.title === data.text ? ".unseen" : ""}`, {}, data.title)),
      this.done,
      this.tour.button,
      h(
        "details.menu",
        { onkeydown: (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && this.shut() },
        h(
          "summary",
          {},
          words(() => say("Save")),
        ),
        h(
          "div.items",
          {},
          said(
            () => say("Copy a link to this view"),
            () => {
              app.remember();
              this.copy(location.href, say("The link is copied."), () => say("The link is in the address bar."));
            },
          ),
          said(
            () => say("Copy code that embeds this page"),
            () => {
              const code = embedding(app, `${name}.html`);
              this.copy(code, say("The code is copied."), () => {
                download(code, "embed.html", "text/html");
                return say("The code is saved as {name}.", { name: "embed.html" });
              });
            },
          ),
          said(
            () => say("Picture as PNG"),
            async () => download(await pngBlob(svg()), `${name}.png`),
          ),
          said(
            () => say("Picture as SVG"),
            () => download(svgText(svg()), `${name}.svg`, "image/svg+xml"),
          ),
          said(
            () => say("Run as CSV"),
            () => download(csvText(app.run, app.model.names), `${name}.csv`, "text/csv"),
          ),
        ),
      ),
      this.theme,
      this.language,
    );
    for (const item of this.bar.querySelectorAll(".items button")) item.addEventListener("click", () => this.shut());

    this.input = h("input", {
      type: "text",
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      id: "function",
      "aria-describedby": "function-error",
      oninput: () => this.typed(),
    });
    spoken(this.input, "aria-label", () => say("The function"));
    this.name = h("label", { for: "function" });
    this.problem = h("p.problem", { id: "function-error", role: "alert" });
    this.examples = h(
      "select.examples",
      {
        onchange: () =>
          this.examples.value && (begin(app, Number(this.examples.value)), (this.input.value = app.state.text)),
      },
      h(
        "option",
        { value: "" },
        words(() => say("Examples")),
      ),
      ...EXAMPLES.map(({ text, ask }, i) =>
        h(
          "option",
          { value: i },
          words(() => `${text} · ${ask()}`),
        ),
      ),
    );
    spoken(this.examples, "aria-label", () => say("Examples"));
    this.formulas = h("div.formulas");
    this.again = said(
      () => say("Start over"),
      () => (app.reset(), (this.input.value = app.model.text)),
    );
    this.element = h(
      "section.function",
      {},
      h("div.typed", {}, this.name, this.input, this.examples, this.again),
      this.problem,
      this.formulas,
    );
    this.key = "";
    this.input.value = app.state.text ?? app.model.text;
    spoken(this.input, "placeholder", () =>
      app.model.text || app.state.text !== null ? say("Type a function, such as x**2 - 4*x + 5") : data.title,
    );
  }

  /** Close the menu. */
  shut() {
    this.bar.querySelector("details").open = false;
    this.bar.querySelector("summary").focus();
  }

  typed() {
    const text = this.input.value.trim();
    this.app.pause();
    this.app.change({ text: text === this.app.first.text ? null : text, step: 0, domain: null });
  }

  /** @param {string} text @param {string} done @param {() => string} otherwise what is done where a page may not copy */
  async copy(text, done, otherwise) {
    try {
      await navigator.clipboard.writeText(text);
      this.done.textContent = done;
    } catch {
      this.done.textContent = otherwise();
    }
    setTimeout(() => (this.done.textContent = ""), 4000);
  }

  draw() {
    const { app } = this;
    const { state, model, error } = app;
    this.language.value = state.language;
    this.theme.value = state.theme;
    document.documentElement.dataset.theme = state.theme;
    this.tour.draw();
    if (document.activeElement !== this.input) this.input.value = state.text ?? app.first.text;
    this.again.hidden = state.text === null && !error;
    set(this.input, { "aria-invalid": error ? "true" : "false" });
    this.showProblem(error);
    const key = JSON.stringify([model.text, model.names, model.original, language()]);
    if (key !== this.key) {
      this.key = key;
      this.name.textContent = `f(${model.names.length > 4 ? model.names[0] + ", …, " + model.names[model.names.length - 1] : model.names.join(", ")}) =`;
      this.formulas.replaceChildren(...this.typeset());
    }
  }

  /** @param {(Error & {at?: number}) | null} error */
  showProblem(error) {
    const example = EXAMPLES.find(({ text }) => text === this.app.state.text);
    this.examples.value = String(EXAMPLES.findIndex((e) => e === example)).replace("-1", "");
    this.problem.classList.toggle("question", !error);
    if (!error) return void this.problem.replaceChildren(example?.ask() ?? "");
    const text = this.app.state.text ?? "",
      at = error.at ?? text.length,
      start = Math.max(0, at - 40);
    const pointed = h(
      "code",
      {},
      (start ? "…" : "") + text.slice(start, at),
      h("mark", {}, text.slice(at, at + 1) || " "),
      text.slice(at + 1, at + 30),
    );
    this.problem.replaceChildren(error.message + " ", ...(text ? [pointed] : []));
  }

  /** The function and its derivatives as formulas. */
  typeset() {
    const { app } = this;
    const { model } = app;
    const formula = (/** @type {Element} */ line) => h("div.formula", { tabindex: 0 }, line);
    if (model.original && app.data.derived)
      return app.data.derived.lines.map((/** @type {string} */ line) => formula(imported(line)));
    if (!model.root || model.parts > TYPESET) return [];
    const of = (/** @type {any} */ f) =>
      m(
        "mrow",
        f,
        m("mo", "("),
        ...model.names.slice(0, 4).flatMap((n, i) => (i ? [m("mo", ","), typesetName(n)] : [typesetName(n)])),
        m("mo", ")"),
      );
    const slopes = model.graph.gradient(
      model.root,
      model.names.map((n) => model.graph.variable(n)),
    );
    const lines = [math(of(m("mi", "f")), "=", typeset(model.root))];
    if (model.names.length === 1)
      lines.push(
        math(
          m("mfrac", m("mrow", m("mi", "d"), m("mi", "f")), m("mrow", m("mi", "d"), typesetName(model.names[0]))),
          "=",
          typeset(slopes[0]),
        ),
      );
    else if (model.names.length <= 6) {
      slopes.forEach((g, i) =>
        lines.push(
          math(
            m("mfrac", m("mrow", m("mo", "∂"), m("mi", "f")), m("mrow", m("mo", "∂"), typesetName(model.names[i]))),
            "=",
            typeset(g),
          ),
        ),
      );
    }
    return lines.map(formula);
  }
}
