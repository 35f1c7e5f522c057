// The language of the page. Every sentence is written in English where it is shown, in a call of `say`, and looked up here.

/** @type {Record<string, Record<string, string>>} */
let catalogues = {};
/** @type {Record<string, string>} */
let catalogue = {};
let code = "en";
/** @type {(() => void)[]} */
const watchers = [];

/** @param {Record<string, Record<string, string>>} all */
export function setCatalogues(all) {
  catalogues = all;
}

/** Switch the language; everything made by words() and spoken() is said anew. @param {string} to */
export function setLanguage(to) {
  code = to;
  catalogue = catalogues[to] ?? {};
  document.documentElement.lang = to;
  for (const again of watchers) again();
}

export function language() {
  return code;
}

/** A sentence in the language of the page, its {names} filled. @param {string} text @param {Record<string, any>} [values] */
export function say(text, values = {}) {
  const said = Object.hasOwn(catalogue, text) ? catalogue[text] : text;
  return said.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}

/** A text that follows the language. @param {() => string} sentence */
export function words(sentence) {
  const node = document.createTextNode(sentence());
  watchers.push(() => (node.data = sentence()));
  return node;
}

/** An attribute that follows the language. @template {Element} E @param {E} element @param {string} attribute @param {() => string} sentence */
export function spoken(element, attribute, sentence) {
  element.setAttribute(attribute, sentence());
  watchers.push(() => element.setAttribute(attribute, sentence()));
  return element;
}
