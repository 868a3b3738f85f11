/**
 * Pairs of prompts that differ in one thing, which decides the next token: what activations are patched between. One file,
 * `prompt-pairs.json`. Texts, so that any model can be given them; both of a pair are of one length for the model that they are made for.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const Pair = Schema.Struct({
  clean: Schema.String,
  corrupted: Schema.String,
  /** The token that comes next in the clean one, and in the corrupted one, as it reads: with its leading space. */
  correct: Schema.String,
  wrong: Schema.String
})
export type PromptPair = typeof Pair.Type

const PromptPairsFile = Schema.Struct({
  format: Schema.Literal(1),
  /** What a model has to do. */
  task: Schema.String,
  /** Which models do: for who has one that does not. */
  models: Schema.String,
  pairs: Schema.Array(Pair)
})
export type PromptPairsFile = typeof PromptPairsFile.Type
export interface PromptPairsHandle extends PromptPairsFile {
  readonly digest: string
}

export const promptPairsFileName = "prompt-pairs.json"

export const PromptPairs = makeKind({
  name: "PromptPairs",
  version: 1,
  description: "pairs of prompts that differ in what decides the next token",
  open: (artifact: Artifact) =>
    Effect.map(readJsonFile(artifact, promptPairsFileName, PromptPairsFile), (file): PromptPairsHandle => ({
      ...file,
      digest: artifact.digest
    }))
})
