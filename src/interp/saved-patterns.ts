/** Patterns of latents as a part of a stage that is kept, and back: the model is asked for most of what the stage costs. */
import * as Schema from "effect/Schema"
import type { Part } from "../stage/kept-parts.ts"
import type { MeasuredPattern } from "./select-patterns.ts"

/** Of each latent: its patterns, each with how many positions of `positions` are its own. */
export const SavedPatterns = Schema.Array(
  Schema.Array(
    Schema.Struct({
      steps: Schema.Array(Schema.Int),
      activation: Schema.Finite,
      precision: Schema.Finite,
      matches: Schema.Int
    })
  )
)
type SavedPatterns = typeof SavedPatterns.Type

export const savedPatterns = (ofLatents: ReadonlyArray<ReadonlyArray<MeasuredPattern>>): Part<SavedPatterns> => ({
  json: ofLatents.map((patterns) =>
    patterns.map(({ steps, activation, precision, positions }) => ({
      steps,
      activation,
      precision,
      matches: positions.length
    }))
  ),
  tensors: { positions: Int32Array.from(ofLatents.flat().flatMap(({ positions }) => Array.from(positions))) }
})

export const patternsOf = ({ json, tensors }: Part<SavedPatterns>): ReadonlyArray<ReadonlyArray<MeasuredPattern>> => {
  const all = tensors["positions"]
  let at = 0
  return json.map((patterns) =>
    patterns.map(({ matches, ...pattern }) => ({
      ...pattern,
      positions: Int32Array.from(all?.subarray(at, (at += matches)) ?? [])
    }))
  )
}
