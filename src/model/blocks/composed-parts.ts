/** Parts made of parts. */
import * as tf from "@tensorflow/tfjs-core"
import { normalize, type NormDescription } from "./norm.ts"
import type { Checkpoint, Part } from "./part.ts"
import type { NormParameters } from "./weights.ts"

/** What several parts add, each reading the same. */
export const sumOf = (parts: ReadonlyArray<Part>): Part => ({
  points: parts.flatMap(({ points }) => points),
  needsBeginning: parts.some(({ needsBeginning }) => needsBeginning === true),
  breaks: (from, to) => parts.map((part) => part.breaks?.(from, to)).find((reason) => reason !== undefined),
  locate: (checkpoint) => {
    const located = parts.map((part) => part.locate(checkpoint))
    return {
      parameters: located.map(({ parameters }) => parameters),
      bind: (fill) => {
        const runs = located.map(({ bind }) => bind(fill))
        return (inputs) => tf.addN(runs.map((run) => run(inputs)))
      }
    }
  }
})

interface Norms {
  /** Of the residual stream, which is read in place of what the block has normalised. */
  readonly before?: NormParameters
  /** Of what the part adds. */
  readonly after: NormParameters
}

/** A part with normalisations of its own. */
export const normalizedPart = (part: Part, norm: NormDescription, locate: (checkpoint: Checkpoint) => Norms): Part => ({
  ...part,
  locate: (checkpoint) => {
    const inner = part.locate(checkpoint)
    const norms = locate(checkpoint)
    return {
      parameters: [inner.parameters, norms],
      bind: (fill) => {
        const run = inner.bind(fill)
        const { before, after } = fill(norms)
        return (inputs) => {
          const read = before === undefined ? inputs.read : normalize(inputs.residual, before, norm)
          return normalize(run({ ...inputs, read }), after, norm)
        }
      }
    }
  }
})
