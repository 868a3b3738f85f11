/**
 * Explanations of an SAE's latents: token patterns in the way of Neuron to Graph with their scores on held-out text,
 * the examples that they were made from, and the tokens that each latent promotes. One file, `interpretations.json`.
 */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const Example = Schema.Struct({
  /** Index in the token stream of the token that the example is about: `tokens[pivot]`. */
  position: Schema.Int,
  pivot: Schema.Int,
  /** Token ids of a window around it, within one context. */
  tokens: Schema.Array(Schema.Int),
  /** The latent's activation on each of them; 0 where it does not fire and where the row is masked. */
  activations: Schema.Array(Schema.Finite)
})

const Pattern = Schema.Struct({
  /** Token ids left to right, the activating token last; -1 stands for any token. */
  tokens: Schema.Array(Schema.Int),
  /** Activation that the pattern predicts, as a share of the latent's maximum. */
  activation: Schema.Finite,
  /** Training positions that the pattern matches, and the share of them on which the latent fires. */
  matches: Schema.Int,
  precision: Schema.Finite
})

/** How well yes and no agree with the truth: the four counts, and what follows from them. */
export const classifierFields = {
  true_positives: Schema.Int,
  false_positives: Schema.Int,
  false_negatives: Schema.Int,
  true_negatives: Schema.Int,
  precision: Schema.Finite,
  recall: Schema.Finite,
  f1: Schema.Finite,
  balanced_accuracy: Schema.Finite
}
const ClassifierFields = Schema.Struct(classifierFields)
export type ClassifierFields = typeof ClassifierFields.Type

const Score = Schema.Struct({
  ...classifierFields,
  /** Mean F1 of other latents' explanations on this latent. */
  shuffled_f1: Schema.Finite,
  /** F1 of the best set of tokens on the training rows: what is known of the latent without looking at the context. */
  token_f1: Schema.optionalKey(Schema.Finite)
})

const TokenWeight = Schema.Struct({ token: Schema.Int, weight: Schema.Finite })

const InterpretedLatent = Schema.Struct({
  /** Index in the SAE. */
  latent: Schema.Int,
  /** Over the training rows that were read: share on which it fires, and its largest activation. */
  density: Schema.Finite,
  max: Schema.Finite,
  /** Firing rows by activation: equal bins from 0 to `max`. */
  histogram: Schema.Array(Schema.Int),
  /** One line for people, made from the patterns. */
  explanation: Schema.String,
  patterns: Schema.Array(Pattern),
  /** Null where the latent never fires above the threshold on held-out rows. */
  score: Schema.NullOr(Score),
  /** Strongest first, no two with the same last tokens. */
  top: Schema.Array(Example),
  /** Examples from equal bands of activation, strongest band first; `low` and `high` are shares of the maximum. */
  bands: Schema.Array(Schema.Struct({ low: Schema.Finite, high: Schema.Finite, examples: Schema.Array(Example) })),
  /** Direct effect of the decoder row on the logits: the largest and the smallest weights. */
  promoted: Schema.Array(TokenWeight),
  suppressed: Schema.Array(TokenWeight)
})

const InterpretationsFile = Schema.Struct({
  format: Schema.Literal(1),
  hook: Schema.String,
  sae: Schema.Struct({ digest: Schema.String, architecture: Schema.String, d_in: Schema.Int, d_sae: Schema.Int }),
  settings: Schema.Record(Schema.String, Schema.Union([Schema.Finite, Schema.Null])),
  /** Latents that fire often enough on the training rows to be explained; `latents` is a sample of them, or all. */
  live: Schema.Int,
  train_rows: Schema.Int,
  held_out_rows: Schema.Int,
  /** Text of every token id that occurs in this file. */
  token_texts: Schema.Record(Schema.String, Schema.String),
  latents: Schema.Array(InterpretedLatent)
})
export type InterpretationsFile = typeof InterpretationsFile.Type
export type InterpretedLatent = typeof InterpretedLatent.Type
export type ActivatingExample = typeof Example.Type
export type TokenWeight = typeof TokenWeight.Type

export const interpretationsFileName = "interpretations.json"

export const Interpretations = makeKind({
  name: "Interpretations",
  version: 1,
  description: "explanations of an SAE's latents, scored on held-out text",
  open: (artifact: Artifact) => readJsonFile(artifact, interpretationsFileName, InterpretationsFile)
})
