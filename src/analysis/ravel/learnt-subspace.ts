/**
 * The skyline of latents: a subspace of the activation itself, learnt on the same pairs, so that swapping it makes the answer the source's
 * where the attribute is asked for, and leaves it where another one is (multi-task distributed alignment search, MDAS). Dictionaries choose
 * among directions that they were given; this one looks for its own.
 *
 * Source: Huang et al. (RAVEL, 2402.17700), section 3.3: an orthonormal basis of a fixed number of directions, cross-entropy of the answer,
 * Adam. The basis is made orthonormal again after each step. So is SAEBench's, which turns all dimensions and learns by a mask which of them
 * are swapped: how many is then a result, and two skylines are not of one size. Here it is a parameter.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { Rng } from "../../random/rng.ts"
import type { MaskOptions } from "./binary-mask.ts"
import type { EntityPair } from "./entity-pairs.ts"
import { rowGradient } from "./row-gradient.ts"
import { rowTensor, type Subspace, swappedRows, type SwapSetting } from "./swapped-rows.ts"

const [beta1, beta2, epsilon] = [0.9, 0.999, 1e-8]

/** Gram-Schmidt, twice. @param basis [dimensions, d], row by row; changed in place */
const orthonormal = (basis: Float64Array, d: number): void => {
  for (let at = 0; at < basis.length; at += d) {
    for (let pass = 0; pass < 2; pass++) {
      for (let other = 0; other < at; other += d) {
        let along = 0
        for (let i = 0; i < d; i++) along += basis[at + i]! * basis[other + i]!
        for (let i = 0; i < d; i++) basis[at + i]! -= along * basis[other + i]!
      }
    }
    let norm = 0
    for (let i = 0; i < d; i++) norm += basis[at + i]! ** 2
    norm = Math.sqrt(norm)
    for (let i = 0; i < d; i++) basis[at + i]! /= norm
  }
}

/** A subspace that knows nothing. @param dimensions at most d */
export const randomSubspace = (d: number, dimensions: number, rng: Rng): Subspace => {
  const basis = Float64Array.from({ length: dimensions * d }, () => rng.normal())
  orthonormal(basis, d)
  return { dimensions, basis: Float32Array.from(basis) }
}

/** Synchronous. @returns mean cross-entropy, nats, and its gradient by the basis [dimensions, d], were it free to be no basis */
export const subspaceGradient = (
  setting: SwapSetting,
  pairs: ReadonlyArray<EntityPair>,
  subspace: Subspace
): { readonly loss: number; readonly gradient: Float32Array } =>
  tf.tidy(() => {
    const { loss, byRow } = rowGradient(setting, pairs, swappedRows(setting, pairs, subspace))
    const rows = (side: "base" | "source") =>
      rowTensor(
        setting,
        pairs.map((pair) => pair[side].row)
      )
    const difference = tf.sub<tf.Tensor2D>(rows("source"), rows("base"))
    const basis = tf.tensor2d(subspace.basis, [subspace.dimensions, setting.sae.d_in])
    // Of <byRow, difference B^T B>: B (difference^T byRow + byRow^T difference).
    const gradient = tf.add(
      tf.matMul(tf.matMul(basis, difference, false, true), byRow),
      tf.matMul(tf.matMul(basis, byRow, false, true), difference)
    )
    return { loss, gradient: gradient.dataSync<"float32">().slice() }
  })

/** Synchronous, step by step. @yields the mean cross-entropy of each step */
export const learnSubspace = function* (
  setting: SwapSetting,
  pairs: ReadonlyArray<EntityPair>,
  begin: Subspace,
  { epochs, lr }: MaskOptions
): Generator<number, Subspace> {
  const d = setting.sae.d_in
  const basis = Float64Array.from(begin.basis)
  const [first, second] = [new Float64Array(basis.length), new Float64Array(basis.length)]
  const perEpoch = Math.ceil(pairs.length / setting.batch)
  for (let step = 0; step < epochs * perEpoch; step++) {
    const at = (step % perEpoch) * setting.batch
    const now = { dimensions: begin.dimensions, basis: Float32Array.from(basis) }
    const { loss, gradient } = subspaceGradient(setting, pairs.slice(at, at + setting.batch), now)
    const [correct1, correct2] = [1 - beta1 ** (step + 1), 1 - beta2 ** (step + 1)]
    for (const [n, g] of gradient.entries()) {
      first[n] = beta1 * first[n]! + (1 - beta1) * g
      second[n] = beta2 * second[n]! + (1 - beta2) * g * g
      basis[n]! -= (lr * (first[n]! / correct1)) / (Math.sqrt(second[n]! / correct2) + epsilon)
    }
    orthonormal(basis, d)
    yield loss
  }
  return { dimensions: begin.dimensions, basis: Float32Array.from(basis) }
}
