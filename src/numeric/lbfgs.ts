/**
 * L-BFGS for smooth convex functions in f64, deterministic: two-loop recursion (Nocedal and Wright, algorithm 7.4) with
 * a backtracking line search that also asks for the curvature condition before a pair is kept.
 */

export interface LbfgsOptions {
  /** Stop when no entry of the gradient is larger. */
  readonly tolerance: number
  readonly maxIterations: number
  /** Pairs remembered. @default 10 */
  readonly memory?: number
}

export interface LbfgsResult {
  readonly x: Float64Array<ArrayBuffer>
  readonly value: number
  readonly iterations: number
  readonly converged: boolean
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** @param evaluate the value at x; puts the gradient into its second argument */
export const lbfgs = (
  start: Float64Array,
  evaluate: (x: Float64Array, gradient: Float64Array) => number,
  { tolerance, maxIterations, memory = 10 }: LbfgsOptions
): LbfgsResult => {
  const n = start.length
  let x = Float64Array.from(start)
  let gradient = new Float64Array(n)
  let value = evaluate(x, gradient)
  const pairs: Array<{ readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }> = []
  const small = (g: Float64Array): boolean => g.every((entry) => Math.abs(entry) <= tolerance)
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (small(gradient)) return { x, value, iterations: iteration, converged: true }
    const direction = gradient.map((g) => -g)
    const alphas: Array<number> = []
    for (let k = pairs.length - 1; k >= 0; k--) {
      const { s, y, rho } = pairs[k]!
      const alpha = rho * dot(s, direction)
      alphas[k] = alpha
      for (let i = 0; i < n; i++) direction[i]! -= alpha * y[i]!
    }
    const last = pairs.at(-1)
    const scale =
      last === undefined ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1 / (last.rho * dot(last.y, last.y))
    for (let i = 0; i < n; i++) direction[i]! *= scale
    pairs.forEach(({ s, y, rho }, k) => {
      const beta = alphas[k]! - rho * dot(y, direction)
      for (let i = 0; i < n; i++) direction[i]! += beta * s[i]!
    })
    const slope = dot(gradient, direction)
    if (!(slope < 0)) return { x, value, iterations: iteration, converged: false }
    let step = 1
    let next = new Float64Array(n)
    let nextGradient = new Float64Array(n)
    let nextValue = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 40; tries++, step /= 2) {
      for (let i = 0; i < n; i++) next[i] = x[i]! + step * direction[i]!
      nextValue = evaluate(next, nextGradient)
      if (nextValue <= value + 1e-4 * step * slope) break
    }
    // No decrease left that f64 can show.
    if (!(nextValue < value)) return { x, value, iterations: iteration, converged: false }
    const s = next.map((entry, i) => entry - x[i]!)
    const y = nextGradient.map((entry, i) => entry - gradient[i]!)
    const sy = dot(s, y)
    if (sy > 1e-12 * dot(y, y)) {
      pairs.push({ s, y, rho: 1 / sy })
      if (pairs.length > memory) pairs.shift()
    }
    x = next
    gradient = nextGradient
    value = nextValue
  }
  return { x, value, iterations: maxIterations, converged: small(gradient) }
}
