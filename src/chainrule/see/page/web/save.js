// The picture as SVG or PNG, and the run as CSV, as files that the browser saves.

import { s } from "./dom.js";
import { toHash } from "./state.js";

const KEPT = [
  "fill",
  "fill-opacity",
  "stroke",
  "stroke-width",
  "stroke-opacity",
  "stroke-dasharray",
  "stroke-linecap",
  "stroke-linejoin",
  "opacity",
  "font-family",
  "font-size",
  "font-style",
  "font-weight",
  "text-anchor",
  "dominant-baseline",
  "display",
  "visibility",
];

/** An SVG element as a file's text, with the colours that it has on the screen. @param {SVGSVGElement} svg */
export function svgText(svg) {
  const copy = /** @type {SVGSVGElement} */ (svg.cloneNode(true));
  const originals = svg.querySelectorAll("*"),
    copies = copy.querySelectorAll("*");
  originals.forEach((element, i) => {
    const style = getComputedStyle(element);
    for (const name of KEPT) copies[i].setAttribute(name, plain(style.getPropertyValue(name)));
    copies[i].removeAttribute("class");
    // A halo is painted before its text; not every program knows paint-order, so it is a text of its own.
    if (element.localName === "text" && style.paintOrder.startsWith("stroke") && style.stroke !== "none") {
      const halo = copies[i].cloneNode(true);
      copies[i].before(halo);
      copies[i].setAttribute("stroke", "none");
    }
  });
  for (const grip of copy.querySelectorAll("circle[r='26']")) grip.remove();
  const { width, height } = svg.viewBox.baseVal;
  const ground = getComputedStyle(svg.closest("section, .figure") ?? document.body).backgroundColor;
  copy.prepend(s("rect", { width, height, fill: ground }));
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return new XMLSerializer().serializeToString(copy);
}

/** @type {Map<string, string>} */
const plainColours = new Map();

/** A colour that was mixed in the style sheet, as every program reads it. @param {string} value */
function plain(value) {
  if (!/^(oklab|color)\(/.test(value)) return value;
  if (!plainColours.has(value)) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    context.fillStyle = value;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
    plainColours.set(value, `rgb(${r},${g},${b})`);
  }
  return /** @type {string} */ (plainColours.get(value));
}

/** The same as a picture of twice the size. @param {SVGSVGElement} svg @returns {Promise<Blob>} */
export async function pngBlob(svg) {
  const url = URL.createObjectURL(new Blob([svgText(svg)], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const { width, height } = svg.viewBox.baseVal;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * width, 2 * height];
    /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(
      image,
      0,
      0,
      canvas.width,
      canvas.height,
    );
    return await new Promise((done, fail) =>
      canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture")))),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** A run as a table. @param {import("./descent.js").Run} run @param {string[]} names */
export function csvText(run, names) {
  const quoted = (/** @type {string} */ n) => (/[",\n]/.test(n) ? `"${n.replaceAll('"', '""')}"` : n);
  const head = ["step", ...names, "f", ...names.map((n) => `df/d${n}`)].map(quoted).join(",");
  return (
    [head, ...run.points.map((p, k) => [k, ...p, run.losses[k], ...run.slopes[k]].join(","))].join("\r\n") + "\r\n"
  );
}

/** Three lines that show this page, as it is now, in another, as high as what is in it. @param {import("./app.js").App} app
 * @param {string} name of its file, where it has no address */
export function embedding(app, name) {
  const quoted = (/** @type {string} */ t) => t.replaceAll("&", "&#38;").replaceAll('"', "&#34;");
  const file = /^(https?|file):/.test(location.protocol) ? location.pathname.split("/").pop() : "";
  const src = quoted((file || name) + toHash(app.state, app.data)),
    title = quoted(app.data.title);
  const height = document.body.offsetHeight;
  return `<iframe src="${src}" title="${title}" width="100%" height="${height}" style="border:0"></iframe>\n${app.data.grow}\n`;
}

/** @param {Blob | string} content @param {string} name @param {string} [type] */
export function download(content, name, type = "text/plain") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(typeof content === "string" ? new Blob([content], { type }) : content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
