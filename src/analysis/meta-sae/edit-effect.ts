/**
 * What an edit does to the next token's logits. Logits mean nothing up to a constant, so all are taken less their mean over the
 * vocabulary. The target is chosen on half of the examples and measured on the others.
 */
import type { EditEffect } from "../../kinds/meta-edits.ts"

/** Changes of the centred logits, [examples, vocabulary]. */
export const logitChanges = (clean: Float32Array, edited: Float32Array, vocabulary: number): Float64Array => {
  const changes = Float64Array.from(edited, (logit, i) => logit - clean[i]!)
  for (let start = 0; start < changes.length; start += vocabulary) {
    let mean = 0
    for (let i = start; i < start + vocabulary; i++) mean += changes[i]! / vocabulary
    for (let i = start; i < start + vocabulary; i++) changes[i]! -= mean
  }
  return changes
}

/** The token whose logit the edit moves most, on the first half of the examples: down (-1) or up (1). */
export const chooseTarget = (changes: Float64Array, vocabulary: number, sign: 1 | -1): number => {
  const half = Math.floor(changes.length / vocabulary / 2)
  const sums = new Float64Array(vocabulary)
  for (let n = 0; n < half; n++) for (let i = 0; i < vocabulary; i++) sums[i]! += changes[n * vocabulary + i]!
  let best = 0
  for (let i = 1; i < vocabulary; i++) if (sign * sums[i]! > sign * sums[best]!) best = i
  return best
}

const divergence = (clean: Float32Array, edited: Float32Array, start: number, vocabulary: number): number => {
  const logNormalizer = (logits: Float32Array): number => {
    let greatest = Number.NEGATIVE_INFINITY
    for (let i = start; i < start + vocabulary; i++) greatest = Math.max(greatest, logits[i]!)
    let sum = 0
    for (let i = start; i < start + vocabulary; i++) sum += Math.exp(logits[i]! - greatest)
    return greatest + Math.log(sum)
  }
  const [p, q] = [logNormalizer(clean), logNormalizer(edited)]
  let sum = 0
  for (let i = start; i < start + vocabulary; i++) {
    const log = clean[i]! - p
    sum += Math.exp(log) * (log - (edited[i]! - q))
  }
  return sum
}

/** On the second half of the examples. @param clean, edited: logits, [examples, vocabulary] */
export const editEffect = (
  clean: Float32Array,
  edited: Float32Array,
  vocabulary: number,
  target: number
): EditEffect => {
  const changes = logitChanges(clean, edited, vocabulary)
  const examples = changes.length / vocabulary
  const half = Math.floor(examples / 2)
  let [shift, side, kl] = [0, 0, 0]
  for (let n = half; n < examples; n++) {
    const start = n * vocabulary
    let squares = 0
    for (let i = 0; i < vocabulary; i++) if (i !== target) squares += changes[start + i]! ** 2
    shift += changes[start + target]! / (examples - half)
    side += Math.sqrt(squares / (vocabulary - 1)) / (examples - half)
    kl += divergence(clean, edited, start, vocabulary) / (examples - half)
  }
  return { shift, side, kl }
}
