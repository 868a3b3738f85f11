/**
 * The artifact kinds, what an open artifact of each gives, and what reads and writes their contents.
 *
 * @module sae-pipeline/kinds
 */
export { makeKind } from "../artifact/artifact-kind.ts"
export type { ArtifactKind } from "../artifact/artifact-kind.ts"
export { Ablations } from "../kinds/ablations.ts"
export { Absorption } from "../kinds/absorption.ts"
export { Activations } from "../kinds/activations/activations.ts"
export type { ActivationsHandle, RowBatch, RowSet } from "../kinds/activations/activations.ts"
export { Evaluation } from "../kinds/evaluation/evaluation.ts"
export { Explanations } from "../kinds/explanations.ts"
export { Figures } from "../kinds/figures.ts"
export { Files } from "../kinds/files.ts"
export { Interpretations } from "../kinds/interpretations.ts"
export { LanguageModel } from "../kinds/language-model/language-model.ts"
export { LatentScaling } from "../kinds/latent-scaling.ts"
export { Probing } from "../kinds/probing.ts"
export { Report } from "../kinds/report.ts"
export { Sae } from "../kinds/sae/sae.ts"
export type { SaeHandle } from "../kinds/sae/sae.ts"
export { writeSae } from "../kinds/sae/write-sae.ts"
export { SizeSelection } from "../kinds/size-selection.ts"
export { Stitching } from "../kinds/stitching.ts"
export { Tokenizer } from "../kinds/tokenizer.ts"
export { Tokens } from "../kinds/tokens/tokens.ts"
export type { TokensHandle } from "../kinds/tokens/tokens.ts"
export { openActivations } from "./open-activations.ts"
