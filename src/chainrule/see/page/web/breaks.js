// Where a function of one number is torn: poles, jumps, and the ends of where it is defined.

import { spaced } from "./panel.js";

/** @typedef {(x: number) => number} Curve */
/** @typedef {{x: number, kind: "pole" | "jump" | "gap", left: number, right: number}} Break left, right: the values beside it */

const PARTS = 8, // into which a suspicious stretch is divided
  ROUNDS = 24; // how often: 4 ** 24 is the width of a double

/** How far three values in a row are from a line. @param {number} a @param {number} b @param {number} c */
const bend = (a, b, c) => Math.abs(a - 2 * b + c);

/**
 * What tears the function between two places, or null: look closer and closer at where it bends most. The bend of a
 * smooth curve or a kink dies away, that of a jump stays, that of a pole stays or grows while the values go on growing.
 *
 * @param {Curve} f @param {number} from @param {number} to @returns {Break | null}
 */
export function torn(f, from, to) {
  let [a, b] = [from, to],
    first = 0;
  const sizes = [];
  for (let round = 0; round < ROUNDS; round++) {
    const xs = spaced(a, b, PARTS + 1);
    const ys = xs.map(f);
    if (xs.some((x, i) => i && !(x > xs[i - 1]))) break;
    const infinite = ys.findIndex((y) => Math.abs(y) === Infinity);
    if (infinite > 0 && infinite < PARTS)
      return { x: xs[infinite], kind: "pole", left: ys[infinite - 1], right: ys[infinite + 1] };
    const hole = ys.findIndex(Number.isNaN);
    if (hole >= 0) {
      ys[hole] = f(xs[hole] + (b - a) * 1e-3); // a single point may be missing, as of sin(x)/x
      const runsAway = sizes.length > 3 && sizes[sizes.length - 1] > 4 * sizes[0];
      if (!Number.isFinite(ys[hole])) return { x: xs[hole], kind: runsAway ? "pole" : "gap", left: NaN, right: NaN };
    }
    const bends = ys.slice(2).map((y, i) => bend(ys[i], ys[i + 1], y));
    const most = Math.max(...bends),
      at = bends.indexOf(most);
    if (!round) first = most;
    if (!(most > 0.05 * first) || !(most > 1e-9 * Math.max(...ys.map(Math.abs)))) return null;
    [a, b] = [xs[at], xs[at + 2]];
    sizes.push(Math.max(...ys.map(Math.abs)));
  }
  const [left, right] = [f(a), f(b)];
  const grown = sizes[sizes.length - 1] - sizes[Math.floor(sizes.length / 2)];
  const kind = grown > 0.1 * first || grown > 0.1 * Math.abs(right - left) ? "pole" : "jump";
  return { x: (a + b) / 2, kind, left, right };
}

/** The end of where a function is finite, between a place where it is and one where it is not: places on the way to it, and whether the
 * function runs away there. @param {Curve} f @param {number} inside @param {number} outside */
function end(f, inside, outside) {
  let [a, b] = [inside, outside];
  for (let k = 0; k < 60; k++) {
    const m = a + (b - a) / 2;
    if (Number.isFinite(f(m))) a = m;
    else b = m;
  }
  const way = Array.from({ length: 20 }, (_, k) => a + (inside - a) * 4 ** -(k + 1))
    .concat(a)
    .map((x) => [x, f(x)])
    .filter(([, y]) => Number.isFinite(y));
  const rise = (/** @type {number} */ k) => Math.abs(way[k + 1][1] - way[k][1]);
  const overflows = Math.abs(f(outside)) === Infinity;
  const grows = [3, 6, 9, 12, 15].every((k, i, all) => !i || Math.abs(way[k]?.[1]) > Math.abs(way[all[i - 1]]?.[1]));
  const pole = !overflows && grows && rise(12) > 0.5 * rise(3);
  return { x: b, way, pole };
}

/** A curve as points for drawing, parted by NaN where it is torn, and what tears it. @param {Curve} f @param {number} from @param {number} to @param {number} n */
export function traced(f, from, to, n) {
  const sampled = spaced(from, to, n).map((x) => [x, f(x)]);
  const values = sampled.map((p) => p[1]).filter(Number.isFinite);
  values.sort((a, b) => a - b);
  const spread = (values[Math.floor(0.85 * values.length)] ?? 0) - (values[Math.floor(0.15 * values.length)] ?? 0);
  const least = 0.01 * (spread || values[values.length - 1] - values[0] || 0);
  /** @type {Break[]} */
  const breaks = [];
  /** @type {number[][]} */
  const added = [];
  const plain = (/** @type {number} */ x) => (Math.abs(x) < 1e-12 * (to - from) ? 0 : Number(x.toPrecision(12)));
  const tear = (/** @type {Break} */ found) => {
    if (breaks.some((b) => Math.abs(b.x - found.x) < ((to - from) / n) * 1.5)) return;
    breaks.push({ ...found, x: plain(found.x) });
    added.push([found.x, NaN]);
    const beside = (to - from) * 1e-9;
    for (const side of [-beside, beside]) added.push([found.x + side, f(found.x + side)]);
  };
  for (let i = 1; i < n; i++) {
    const [[xa, ya], [xb, yb]] = [sampled[i - 1], sampled[i]];
    const [before, after] = [sampled[i - 2], sampled[i + 1]];
    if (Number.isFinite(ya) !== Number.isFinite(yb)) {
      const alone = !Number.isFinite(yb) && after && Number.isFinite(after[1]);
      const back = !Number.isFinite(ya) && before && Number.isFinite(before[1]);
      if (alone) {
        const found = torn(f, xa, after[0]);
        if (found) tear({ ...found, x: found.kind === "pole" ? found.x : xb });
        else sampled[i] = [xb, (ya + after[1]) / 2];
      }
      if (alone || back) continue;
      const { x, way, pole } = Number.isFinite(ya) ? end(f, xa, xb) : end(f, xb, xa);
      added.push(...way);
      if (pole) breaks.push({ x: plain(x), kind: "pole", left: NaN, right: NaN });
    } else if (before && bend(before[1], ya, yb) > least && Number.isFinite(before[1])) {
      const found = torn(f, before[0], xb);
      if (found) tear(found);
    }
  }
  return { points: [...sampled, ...added].sort((a, b) => a[0] - b[0]), breaks };
}

/** What a straight step leaps over, or null. @param {(x: number[]) => number} f @param {number[]} a @param {number[]} b */
export function leapt(f, a, b) {
  const at = (/** @type {number} */ t) => a.map((x, i) => x + t * (b[i] - x));
  const { breaks } = traced((t) => f(at(t)), 0, 1, 33);
  const found = breaks.find((x) => x.kind !== "gap" && x.x > 0 && x.x < 1);
  return found ? { kind: found.kind, x: at(found.x) } : null;
}
