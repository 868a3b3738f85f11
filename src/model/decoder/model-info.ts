import type { Part, Point } from "../blocks/part.ts"

/** A block's normalisations by TransformerLens's names: before attention and MLP, and on what they add. */
export type NormPlace = "ln1" | "ln1_post" | "ln2" | "ln2_post"

/** Where one block can be looked into, beside the residual stream. */
export interface BlockPoints {
  /** Its normalisations, in the order of the pass. */
  readonly norms: ReadonlyArray<NormPlace>
  readonly attention: ReadonlyArray<Point>
  readonly mlp: ReadonlyArray<Point>
}

/** What anybody needs to know about a language model without running it. */
export interface ModelInfo {
  /** `model_type` of config.json. */
  readonly architecture: string
  readonly n_layers: number
  /** Width of the residual stream. */
  readonly d_model: number
  /** Query heads. */
  readonly n_heads: number
  /** Key and value heads: fewer than `heads` where several queries share one. */
  readonly n_key_value_heads: number
  /** Width of one head. */
  readonly d_head: number
  /** Width of the MLP: the widest, where blocks differ. */
  readonly d_mlp: number
  /** Attention and MLP both read the block's input, so there is no residual stream between them. */
  readonly parallel: boolean
  readonly d_vocab: number
  /** Longest context, in tokens. */
  readonly n_ctx: number
  /** Token that stands at position 0; null where the model has none. */
  readonly bos: number | null
  /** By block. */
  readonly points: ReadonlyArray<BlockPoints>
}

/** What the parts of blocks tell of a model. */
export const blockFacts = (
  blocks: ReadonlyArray<{ readonly attention: Part; readonly mlp: Part }>,
  norms: ReadonlyArray<NormPlace>
): Pick<ModelInfo, "d_mlp" | "points"> => ({
  d_mlp: Math.max(
    ...blocks.flatMap(({ mlp }) =>
      mlp.points.flatMap(({ name, shape }) => (name.endsWith("hook_post") ? (shape.at(-1) as number) : []))
    )
  ),
  points: blocks.map(({ attention, mlp }) => ({ norms, attention: attention.points, mlp: mlp.points }))
})
