/** Columns of a dashboard's two Arrow files of an SAE; record batch b of both is of the same latents. */
import type { ArrowColumns } from "../../format/arrow/arrow-column.ts"

export const histogramBins = 24
export const positionBins = 8
/** Latents a record batch: what is read together. */
export const latentsPerBatch = 256

export interface DashboardShape {
  /** Tokens of an example: left + 1 + right. */
  readonly window: number
  /** Tokens listed on each side of the logits. */
  readonly logitTokens: number
  /** Latents listed as nearest, and as firing together. */
  readonly neighbours: number
}

/** One row a latent that fires, ascending. Lists that are shorter than their column end with -1, and 0 as weights. */
export const latentColumns = ({ logitTokens, neighbours }: DashboardShape) =>
  ({
    latent: { type: "i32" },
    /** Rows that it fires on. */
    count: { type: "i32" },
    max: { type: "f32" },
    /** Of the encoder's direction with the decoder's. */
    encoder_decoder_cosine: { type: "f32" },
    /** Rows of the other file that are this latent's. */
    examples: { type: "i32" },
    /** Firing rows by activation: equal bins from 0 to `max`. */
    histogram: { type: "i32", list: histogramBins },
    /** Firing rows by place in the context: equal bins. */
    by_position: { type: "i32", list: positionBins },
    promoted: { type: "i32", list: logitTokens },
    promoted_weight: { type: "f32", list: logitTokens },
    suppressed: { type: "i32", list: logitTokens },
    suppressed_weight: { type: "f32", list: logitTokens },
    /** Largest decoder cosine, in the same SAE. */
    neighbour: { type: "i32", list: neighbours },
    neighbour_cosine: { type: "f32", list: neighbours },
    /** Latents that fire on the same rows: largest Jaccard similarity of the rows. */
    coactive: { type: "i32", list: neighbours },
    coactive_jaccard: { type: "f32", list: neighbours }
  }) as const satisfies ArrowColumns

/** One row an example: of each latent those of group 0 first. */
export const exampleColumns = ({ window }: DashboardShape) =>
  ({
    latent: { type: "i32" },
    /** 0: strongest. 1 ... bands: of equal bands of activation, strongest band first. bands + 1: random firings. */
    group: { type: "i32" },
    /** In the token stream. */
    position: { type: "i32" },
    /** Place of the token that it is about among `tokens`. */
    pivot: { type: "i32" },
    /** -1 after the last. */
    tokens: { type: "i32", list: window },
    /** 0 where the latent is silent, and on tokens whose rows were not read: held-out text in the same context. */
    activations: { type: "f32", list: window }
  }) as const satisfies ArrowColumns
