/** What a language model says of an SAE's latents, and how well that tells where they fire. One file, `explanations.json`. */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"
import { classifierFields } from "./interpretations.ts"

const Judged = Schema.Struct({
  ...classifierFields,
  /** Of the probability of yes; null where the model does not tell it. */
  auc: Schema.optionalKey(Schema.NullOr(Schema.Finite))
})

/** How well a number a text tells those where the latent fires from those where it is silent. */
const Ranked = Schema.Struct({ auc: Schema.Finite, texts: Schema.Int })

const Simulated = Schema.Struct({
  /** Correlation of the simulated with the true activations, over all tokens of the texts. */
  pearson: Schema.Finite,
  spearman: Schema.Finite,
  tokens: Schema.Int
})

/** Null where it was not asked for, or cannot be told: too few held-out firings, answers that could not be read. */
const Scores = Schema.Struct({
  detection: Schema.NullOr(Judged),
  fuzzing: Schema.NullOr(Judged),
  simulation: Schema.NullOr(Simulated),
  surprise: Schema.optionalKey(Schema.NullOr(Ranked)),
  embedding: Schema.optionalKey(Schema.NullOr(Ranked))
})

const area = Schema.NullOr(Schema.Finite)
/** AUC of each text's number by the own explanation, less the same text's by the other: what is of the text alone cancels out. */
const Contrasts = Schema.Struct({ detection: area, fuzzing: area, surprise: area, embedding: area })

const ExplainedLatent = Schema.Struct({
  /** Index in the SAE. */
  latent: Schema.Int,
  density: Schema.Finite,
  max: Schema.Finite,
  /** Null where no explanation could be read from the answer. */
  explanation: Schema.NullOr(Schema.String),
  scores: Scores,
  /** The same texts by another latent's explanation: what a score says without the right one. */
  shuffled: Scores,
  contrast: Schema.optionalKey(Contrasts)
})

const ExplanationsFile = Schema.Struct({
  format: Schema.Literal(1),
  hook: Schema.String,
  sae: Schema.Struct({ digest: Schema.String, architecture: Schema.String, d_in: Schema.Int, d_sae: Schema.Int }),
  /** The name by which the model was asked. */
  model: Schema.String,
  /** What explanations are made from, and who writes them: the model, or nobody (tokens are listed). Older files are from examples, by the model. */
  made: Schema.optionalKey(Schema.Struct({ from: Schema.String, by: Schema.Literals(["model", "list"]) })),
  /** The model that reads and embeds texts, where one does. */
  judge: Schema.optionalKey(Schema.String),
  /** Answers that could not be read as what was asked for. */
  unread: Schema.Int,
  latents: Schema.Array(ExplainedLatent)
})
export type ExplanationsFile = typeof ExplanationsFile.Type
export type ExplainedLatent = typeof ExplainedLatent.Type
export type ExplanationScores = typeof Scores.Type
export type JudgedScore = typeof Judged.Type
export type SimulatedScore = typeof Simulated.Type

export const explanationsFileName = "explanations.json"

export const Explanations = makeKind({
  name: "Explanations",
  version: 1,
  description: "a language model's explanations of an SAE's latents, scored by what it can tell from them",
  open: (artifact: Artifact) => readJsonFile(artifact, explanationsFileName, ExplanationsFile)
})
