/**
 * A power law with a floor, y = floor + scale x^-exponent, by least squares of relative residuals: Sum (1 - fit / y)^2. At a given
 * exponent the other two follow from a linear problem with two unknowns that are not negative; the exponent is searched.
 */
export interface PowerLaw {
  readonly scale: number
  readonly exponent: number
  /** 0 where none was fitted. */
  readonly floor: number
  /** Root mean square of the relative residuals. */
  readonly residual: number
}

export const powerLawAt = ({ scale, exponent, floor }: PowerLaw, x: number): number => floor + scale * x ** -exponent

type Points = ReadonlyArray<{ readonly x: number; readonly y: number }>

/** From 1e-3 to 10, evenly in the logarithm. */
const exponents = Array.from({ length: 121 }, (_, i) => 10 ** (-3 + i / 30))

/** The best scale and floor at an exponent; both at least 0. */
const fitAt = (points: Points, exponent: number, withFloor: boolean, unit: number): PowerLaw => {
  let [aa, ab, bb, a1, b1] = [0, 0, 0, 0, 0]
  for (const { x, y } of points) {
    const [a, b] = [(x / unit) ** -exponent / y, 1 / y]
    aa += a * a
    ab += a * b
    bb += b * b
    a1 += a
    b1 += b
  }
  const determinant = aa * bb - ab * ab
  let [scale, floor] = [a1 / aa, 0]
  if (withFloor && determinant > 1e-12 * aa * bb) {
    const [both, under] = [(a1 * bb - b1 * ab) / determinant, (b1 * aa - a1 * ab) / determinant]
    if (both >= 0 && under >= 0) [scale, floor] = [both, under]
    else if (both < 0) [scale, floor] = [0, b1 / bb]
  }
  let sum = 0
  for (const { x, y } of points) sum += (1 - (floor + scale * (x / unit) ** -exponent) / y) ** 2
  return { scale, exponent, floor, residual: Math.sqrt(sum / points.length) }
}

/**
 * @param points x and y above 0, of at least two x; of three for a floor
 * @returns NaN throughout where there are fewer
 */
export const fitPowerLaw = (points: Points, withFloor: boolean): PowerLaw => {
  const different = new Set(points.map(({ x }) => x)).size
  if (different < (withFloor ? 3 : 2))
    return { scale: Number.NaN, exponent: Number.NaN, floor: Number.NaN, residual: Number.NaN }
  // Powers of x by its geometric mean: those of a compute of 1e15 would leave the doubles.
  const unit = Math.exp(points.reduce((sum, { x }) => sum + Math.log(x), 0) / points.length)
  const at = (exponent: number): PowerLaw => fitAt(points, exponent, withFloor, unit)
  let place = 0
  for (const [i, exponent] of exponents.entries()) {
    if (at(exponent).residual < at(exponents[place]!).residual) place = i
  }
  let [low, high] = [exponents[Math.max(0, place - 1)]!, exponents[Math.min(exponents.length - 1, place + 1)]!]
  const golden = (Math.sqrt(5) - 1) / 2
  for (let step = 0; step < 60; step++) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)]
    if (at(left).residual <= at(right).residual) high = right
    else low = left
  }
  const best = at((low + high) / 2)
  return { ...best, scale: best.scale * unit ** best.exponent }
}
