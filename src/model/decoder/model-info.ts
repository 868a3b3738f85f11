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
  /** Width of the MLP. */
  readonly dMlp: number
  /** Attention and MLP both read the block's input, so there is no residual stream between them. */
  readonly parallel: boolean
  readonly vocabulary: number
  /** Longest context, in tokens. */
  readonly context: number
  /** Token that stands at position 0; null where the model has none. */
  readonly bos: number | null
}
