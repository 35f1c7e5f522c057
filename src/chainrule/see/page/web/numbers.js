// Functions of one or two doubles that JavaScript's Math lacks, by the names that the op table calls them.

/** The power as NumPy has it: exact forms for the common exponents, and 1 to any power is 1.
 * @param {number} x @param {number} y */
export function pow(x, y) {
  if (y === 2) return x * x;
  if (y === 3) return x * x * x;
  if (y === 0.5) return Math.sqrt(x);
  if (y === -1) return 1 / x;
  return x === 1 ? 1 : x ** y;
}

/** To the nearest whole number, halves to the even one. @param {number} x */
export function rint(x) {
  const low = Math.floor(x),
    part = x - low;
  return part < 0.5 ? low : part > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1;
}

/** The remainder with the divisor's sign. @param {number} x @param {number} y */
export function mod(x, y) {
  const r = x % y;
  return r !== 0 && r < 0 !== y < 0 ? r + y : r;
}

/** How often y goes into x, rounded down, as NumPy finds it: from the remainder. @param {number} x @param {number} y */
export function floordiv(x, y) {
  if (y === 0) return x / y;
  const whole = (x - mod(x, y)) / y,
    low = Math.floor(whole);
  return whole - low > 0.5 ? low + 1 : low;
}

/** @param {number} x */
export function sinc(x) {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** @param {number} x @param {number} y */
export function logaddexp(x, y) {
  if (x === y) return x + Math.LN2;
  return Math.max(x, y) + Math.log1p(Math.exp(-Math.abs(x - y)));
}

/** The larger, ignoring NaN. @param {number} x @param {number} y */
export function fmax(x, y) {
  return Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y);
}

/** The smaller, ignoring NaN. @param {number} x @param {number} y */
export function fmin(x, y) {
  return Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y);
}

/** @param {number} x @param {number} y */
export function copysign(x, y) {
  return (y < 0 || Object.is(y, -0) ? -1 : 1) * Math.abs(x);
}

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

/** The error function: a series near zero (DLMF 7.6.2), else from its complement. @param {number} x */
export function erf(x) {
  if (Math.abs(x) > 2.2) return x > 0 ? 1 - erfc(x) : erfc(-x) - 1;
  let term = x,
    sum = x;
  for (let n = 1; n < 80 && Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_ROOT_PI * Math.exp(-x * x) * sum;
}

/** Its complement: a continued fraction (DLMF 7.9.1), evaluated from the far end. @param {number} x */
export function erfc(x) {
  if (Number.isNaN(x)) return x;
  if (x < 2.2) return x < -2.2 ? 2 - erfc(-x) : 1 - erf(x);
  if (x > 27) return 0;
  let f = x;
  for (let n = 120; n > 0; n--) f = x + n / 2 / f;
  return Math.exp(-x * x) / (f * Math.sqrt(Math.PI));
}

/** The logarithm of |gamma|: Stirling's series (DLMF 5.11.1) far out, by recurrence to there. @param {number} x */
export function lgamma(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? x : Infinity;
  if (x <= 0 && x === Math.floor(x)) return Infinity;
  if (x < 0.5) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgamma(1 - x);
  if (x === 1 || x === 2) return 0;
  let product = 1;
  while (x < 12) product *= x++;
  const z = 1 / (x * x);
  const series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680 - z * (1 / 1188))))) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - Math.log(product);
}

/** Its slope (DLMF 5.11.2). @param {number} x */
export function digamma(x) {
  if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity;
  if (x < 0.5) return x === Math.floor(x) ? NaN : digamma(1 - x) - Math.PI / Math.tan(Math.PI * x);
  let sum = 0;
  while (x < 12) sum -= 1 / x++;
  const z = 1 / (x * x);
  const series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z * (1 / 132)))));
  return sum + Math.log(x) - 1 / (2 * x) - series;
}
