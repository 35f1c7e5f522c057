// The language of the page. Every sentence is written in English where it is shown, in a call of `say`, and looked up here.

/** @typedef {Record<string, string | string[]>} Catalogue */
/** @type {Record<string, Catalogue>} */
let catalogues = {};
/** @type {Catalogue} */
let catalogue = {};
let code = "en";
/** @type {(() => void)[]} */
const watchers = [];

/** @param {Record<string, Catalogue>} all */
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
  return filled(Object.hasOwn(catalogue, text) ? String(catalogue[text]) : text, values);
}

/** A sentence about n things, in the form that the language has for that many. Its name is that of the same in Python, by which those
 * who look for sentences know it. @param {string} one @param {string} many @param {number} n */
export function say_count(one, many, n) {
  const kind = new Intl.PluralRules(code).select(n),
    forms = Object.hasOwn(catalogue, many) ? [catalogue[many]].flat() : [one, many];
  const which = { one: 0, few: 1 }[kind] ?? 2;
  return filled(forms[Math.min(which, forms.length - 1)], { n });
}

/** @param {string} text @param {Record<string, any>} values */
function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
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
