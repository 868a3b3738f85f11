/** How well k features tell yes from no: sparse probes of an SAE's latents beside the activation's own basis. One file, `probing.json`. */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { Intervals } from "../artifact/intervals.ts"
import { readJsonFile } from "../artifact/json-file.ts"
import { RowQuestion } from "./probing/row-question.ts"

const Probe = Schema.Struct({
  /** `shuffled`: latents, fitted to labels in a random order and tested on such; `shuffled_basis`: the same of the basis. An AUC above one half is noise there. */
  features: Schema.Literals(["latents", "basis", "shuffled", "shuffled_basis"]),
  k: Schema.Int,
  /** On the test rows: of the positive's probability; of it being above one half; F1 of both classes, by their sizes. */
  auc: Schema.Finite,
  accuracy: Schema.Finite,
  f1: Schema.Finite,
  /** The features, the first of their ranking first, and their weights. */
  chosen: Schema.Array(Schema.Int),
  weights: Schema.Array(Schema.Finite),
  /** Inverse strength of the penalty. */
  c: Schema.Finite
})

const ProbedTask = Schema.Struct({
  name: Schema.String,
  /** Rows, as many of yes as of no. */
  train: Schema.Int,
  test: Schema.Int,
  probes: Schema.Array(Probe),
  /** What was asked of tokens, where it was not of words of the Brown corpus. */
  question: Schema.optionalKey(RowQuestion),
  /** Of `auc_k<k>` and `f1_k<k>` of latents, `auc_basis_k<k>`, `auc_shuffled_k<k>` and so on, over test documents. */
  intervals: Intervals
})

const ProbingFile = Schema.Struct({
  format: Schema.Literal(1),
  sae: Schema.String,
  model: Schema.String,
  hook: Schema.String,
  d_sae: Schema.Int,
  ranking: Schema.String,
  documents: Schema.Struct({ train: Schema.Int, test: Schema.Int }),
  tasks: Schema.Array(ProbedTask),
  /** Means over tasks, by the names of the stage's metrics, and their intervals over test documents. */
  means: Schema.optionalKey(Schema.Record(Schema.String, Schema.Finite)),
  intervals: Schema.optionalKey(Intervals),
  /** Tasks of which there are too few rows. */
  left_out: Schema.Array(Schema.String)
})
export type ProbingFile = typeof ProbingFile.Type
export type ProbedTask = typeof ProbedTask.Type
export type SparseProbe = typeof Probe.Type

export const probingFileName = "probing.json"

export const Probing = makeKind({
  name: "Probing",
  version: 1,
  description: "sparse probes of one SAE's latents, beside the activation's own numbers",
  open: (artifact: Artifact) => readJsonFile(artifact, probingFileName, ProbingFile)
})
