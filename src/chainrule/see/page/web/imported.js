// MathML that came with the page, made anew element by element: what is not plain MathML is left out.

import { m } from "./dom.js";

const ELEMENTS = new Set(
  "math mrow mi mn mo mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd mstyle mpadded menclose".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  "display stretchy fence form separator linethickness columnalign accent mathvariant width".split(" "),
);

/** @param {string} text @returns {Element} */
export function imported(text) {
  const root = new DOMParser().parseFromString(text, "application/xml").documentElement;
  const made = copy(root) ?? m("math");
  made.setAttribute("display", "block");
  return made;
}

/** @param {Element} element @returns {Element | null} */
function copy(element) {
  if (!ELEMENTS.has(element.localName)) return null;
  const made = m(element.localName);
  for (const { name, value } of element.attributes) if (ATTRIBUTES.has(name)) made.setAttribute(name, value);
  for (const child of element.childNodes) {
    const inner =
      child.nodeType === Node.TEXT_NODE
        ? child.textContent
        : child.nodeType === Node.ELEMENT_NODE
          ? copy(/** @type {Element} */ (child))
          : null;
    if (inner) made.append(inner);
  }
  return made;
}
