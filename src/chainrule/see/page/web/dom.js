// Elements made in one line. Text always goes in as text, never as markup.

/** @typedef {Record<string, any>} Attributes */

/** An HTML element: h("button.wide", { onclick }, "text"). @param {string} what @param {Attributes} [attributes] @param {...(Node | string)} children
 * @returns {any} */
export function h(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  return filled(element, attributes, children);
}

/** An SVG element. @param {string} what @param {Attributes} [attributes] @param {...(Node | string)} children @returns {any} */
export function s(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (classes.length) element.setAttribute("class", classes.join(" "));
  return filled(element, attributes, children);
}

/** The path of polygons on a grid (d3's contours), whose cells are sx by sy, on a field that begins at (left, top).
 * @param {number[][][][]} polygons @param {number} left @param {number} top @param {number} sx @param {number} sy */
export function outline(polygons, left, top, sx, sy) {
  const at = (/** @type {number[]} */ [x, y]) => `${(left + x * sx).toFixed(1)},${(top + y * sy).toFixed(1)}`;
  return polygons.map((rings) => rings.map((ring) => `M${ring.map(at).join("L")}Z`).join("")).join("");
}

/** A MathML element. @param {string} tag @param {...(Node | string)} children @returns {Element} */
export function m(tag, ...children) {
  return filled(document.createElementNS("http://www.w3.org/1998/Math/MathML", tag), {}, children);
}

/** @param {Element} element @param {Attributes} attributes @param {(Node | string)[]} children */
function filled(element, attributes, children) {
  set(element, attributes);
  element.append(...children);
  return element;
}

/** @param {Element} element @param {Attributes} attributes */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else {
      const text = value === true ? "" : String(value);
      if (element.getAttribute(name) !== text) element.setAttribute(name, text); // what stays is not laid out anew
    }
  }
  return element;
}

/** @type {WeakMap<Element, {width: number, height: number}>} */
const sizes = new WeakMap();

/** The inner size of an element. While something is dragged or played it is `held`: to read it between the parts that a frame draws
 * would lay the whole page out for each. @param {Element} element @param {boolean} held */
export function sizeOf(element, held) {
  const known = sizes.get(element);
  if (held && known) return known;
  const size = { width: element.clientWidth, height: element.clientHeight };
  sizes.set(element, size);
  return size;
}
