/**
 * The nearest orthogonal matrix, (W W^T)^(-1/2) W, by products of matrices alone: Newton-Schulz, X <- X (3 - X^T X) / 2, whose first steps are
 * scaled so that small singular values grow by up to 2.6 each (Chen and Chow 2014, "A stable scaling of Newton-Schulz for improving the
 * sign function computation of a Hermitian matrix"). An eigendecomposition of W W^T, which gives the same, takes some ten times as long.
 */
import * as tf from "@tensorflow/tfjs-core"

/** Where singular values are thought to begin, as a share of the largest; smaller ones take more steps. */
const expectedSmallest = 1e-3
/** What 1e-7 of the largest singular value, the rounding of f32, needs is under 50. */
const mostSteps = 60
/** From here one more step leaves 1e-6 of it, and the next what f32 can hold. */
const nearly = 1e-3

/** At least the largest singular value: the root of the largest sums of a row and of a column. */
const largestSingular = (W: tf.Tensor2D): tf.Scalar =>
  tf.sqrt(tf.mul(tf.max(tf.sum(tf.abs(W), 0)), tf.max(tf.sum(tf.abs(W), 1))))

/** Largest entry of X X^T - 1 by size. */
const departure = (X: tf.Tensor2D): number =>
  tf.tidy(() => tf.max(tf.abs(tf.sub(tf.matMul(X, X, false, true), tf.eye(X.shape[0])))).dataSync<"float32">()[0]!)

/** rho X (3 - rho^2 X^T X) / 2 */
const polish = (X: tf.Tensor2D, rho = 1): tf.Tensor2D =>
  tf.tidy(() => {
    const gram = tf.matMul(X, X, false, true)
    return tf.sub<tf.Tensor2D>(tf.mul(1.5 * rho, X), tf.mul(rho ** 3 / 2, tf.matMul(gram, X)))
  })

/**
 * Call in a tidy.
 *
 * @param W square, of full rank
 * @throws RangeError where it has no nearest one: singular to within the rounding of f32, or not finite
 */
export const nearestOrthogonal = (W: tf.Tensor2D): tf.Tensor2D => {
  let X = tf.div<tf.Tensor2D>(W, largestSingular(W))
  let smallest = expectedSmallest
  for (let step = 0; step < mostSteps; step++) {
    if (departure(X) < nearly) return polish(polish(X))
    const rho = Math.sqrt(3 / (1 + smallest + smallest * smallest))
    const next = polish(X, rho)
    X.dispose()
    X = next
    smallest = (rho * smallest * (3 - (rho * smallest) ** 2)) / 2
  }
  throw new RangeError(`a matrix of ${W.shape.join(" by ")} is singular or not finite: no orthogonal matrix is nearest`)
}
