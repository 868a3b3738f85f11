import type { Part, Point } from "../blocks/part.ts"

/** Where one block can be looked into, beside the residual stream. */
export interface BlockPoints {
  readonly attention: ReadonlyArray<Point>
  readonly mlp: ReadonlyArray<Point>
}

/** What anybody needs to know about a language model without running it. */
export interface ModelInfo {
  /** `model_type` of config.json. */
  readonly architecture: string
  readonly layers: number
  /** Width of the residual stream. */
  readonly dModel: number
  /** Query heads. */
  readonly heads: number
  /** Key and value heads: fewer than `heads` where several queries share one. */
  readonly keyValueHeads: number
  /** Width of one head. */
  readonly dHead: number
  /** Width of the MLP: the widest, where blocks differ. */
  readonly dMlp: number
  /** Attention and MLP both read the block's input, so there is no residual stream between them. */
  readonly parallel: boolean
  readonly vocabulary: number
  /** Longest context, in tokens. */
  readonly context: number
  /** Token that stands at position 0; null where the model has none. */
  readonly bos: number | null
  /** By block. */
  readonly points: ReadonlyArray<BlockPoints>
}

/** What the parts of blocks tell of a model. */
export const blockFacts = (
  blocks: ReadonlyArray<{ readonly attention: Part; readonly mlp: Part }>
): Pick<ModelInfo, "dMlp" | "points"> => ({
  dMlp: Math.max(
    ...blocks.flatMap(({ mlp }) =>
      mlp.points.flatMap(({ name, shape }) => (name === "mlp.hook_post" ? (shape.at(-1) as number) : []))
    )
  ),
  points: blocks.map(({ attention, mlp }) => ({ attention: attention.points, mlp: mlp.points }))
})
