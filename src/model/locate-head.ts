/**
 * Where a model's unembedding stands. config.json and the checkpoint may contradict each other, and bare models have none:
 *
 * | `tie_word_embeddings` | a head in the checkpoint | the unembedding is |
 * | --- | --- | --- |
 * | true | no | the embedding |
 * | true | yes | the head: where it differs from the embedding, config.json is wrong |
 * | false | yes | the head |
 * | false | no | the embedding, with a warning; none, where the checkpoint is that of a model without a head |
 *
 * Source: Hugging Face's `PreTrainedModel.tie_weights`, which also takes a tied head for an embedding that is not there.
 */
import type { WeightTensors } from "../format/weight-tensors.ts"
import { matrix, type MatrixSource } from "./blocks/parameter-source.ts"

export interface HeadFacts {
  /** What config.json says. */
  readonly tied: boolean
  /** Names that a head may have, in full. */
  readonly heads: ReadonlyArray<string>
  /** First of the class names in config.json's `architectures`. */
  readonly className: string | undefined
}

export interface LocatedHead {
  readonly embedding: MatrixSource
  /** undefined: the model has no head. */
  readonly unembedding: MatrixSource | undefined
  /** What the checkpoint says otherwise than config.json. */
  readonly warning?: string
  /** Two tensors of which config.json says that they are one: if they are not, `differs` is what to warn of. */
  readonly twins?: { readonly names: readonly [string, string]; readonly differs: string }
}

const speaks = /(ForCausalLM|LMHeadModel|ForConditionalGeneration)$/

/** @param prefix what stands before the names of this checkpoint's tensors: nothing, where it is that of a bare model */
export const locateHead = (
  { tied, heads, className }: HeadFacts,
  embedding: MatrixSource,
  prefix: string,
  { entries }: Pick<WeightTensors, "entries">
): LocatedHead => {
  const stored = embedding.stored[0] as MatrixSource["stored"][number]
  const [vocabulary, width] = stored.shape as [number, number]
  const found = heads.find((name) => entries.has(name))
  const head = found === undefined ? undefined : matrix(found, vocabulary, width)
  if (!tied) {
    if (head !== undefined) return { embedding, unembedding: head }
    const bare = className === undefined ? prefix === "" : !speaks.test(className) || prefix === ""
    if (bare) return { embedding, unembedding: undefined }
    const warning =
      `config.json says tie_word_embeddings: false, but the checkpoint has no ${heads[0]}: ` +
      `the embedding is taken as unembedding`
    return { embedding, unembedding: embedding, warning }
  }
  if (head === undefined || found === undefined) return { embedding, unembedding: embedding }
  if (!entries.has(stored.name)) return { embedding: head, unembedding: head }
  const place = entries.get(found)?.place
  if (place !== undefined && place === entries.get(stored.name)?.place) return { embedding, unembedding: embedding }
  const differs =
    `config.json says tie_word_embeddings: true, but the checkpoint's ${found} differs from ${stored.name}: ` +
    `${found} is taken as unembedding`
  return { embedding, unembedding: head, twins: { names: [stored.name, found], differs } }
}
