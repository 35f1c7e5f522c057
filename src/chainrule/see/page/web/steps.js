// The derivative step by step, as `derive` told it: each rule in a sentence, with before and after.

import { h } from "./dom.js";
import { imported } from "./imported.js";
import { language, say, words } from "./language.js";

export class Steps {
  /** @param {import("./app.js").App} app */
  constructor(app) {
    this.app = app;
    this.list = h("ol.derivation");
    this.element = h(
      "section",
      {},
      h(
        "h2",
        {},
        words(() => say("The derivative, step by step")),
      ),
      this.list,
    );
    this.key = "";
  }

  draw() {
    const { model, data } = this.app;
    const steps = data.derived?.steps ?? [];
    this.element.hidden = !model.original || !steps.length;
    const key = `${language()} ${this.element.hidden}`;
    if (key === this.key || this.element.hidden) return;
    this.key = key;
    this.list.replaceChildren(
      ...steps.map((/** @type {[string, Record<string, string>]} */ [formula, sentences]) =>
        h(
          "li",
          {},
          h("span", {}, sentences[language()] ?? sentences.en),
          h("div.formula", { tabindex: 0 }, imported(formula)),
        ),
      ),
    );
  }
}
