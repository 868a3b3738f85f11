/** A GPT-2 of random weights, small enough for tests, and handles over arrays in memory for what an SAE reads. */
import * as Effect from "effect/Effect"
import type { OpenActivations } from "../../src/activations/open-activations.ts"
import type { StoredRows } from "../../src/kinds/activations/activations-handle.ts"
import type { RowSet } from "../../src/kinds/activations/row-set.ts"
import type { Safetensors } from "../../src/format/safetensors.ts"
import type { TokensHandle } from "../../src/kinds/tokens/tokens-handle.ts"
import { joinedEnds } from "../kinds/tokens/joined-ends.ts"
import { gpt2Parameters } from "../../src/model/decoder/gpt2-config.ts"
import { loadModel } from "../../src/model/load-model.ts"
import type { RunnableModel } from "../../src/model/run-model.ts"
import { runModel } from "../../src/model/run-model.ts"
import { make } from "../../src/random/rng.ts"

export const config = {
  model_type: "gpt2",
  vocab_size: 12,
  n_positions: 32,
  n_embd: 8,
  n_layer: 2,
  n_head: 2,
  n_inner: 32,
  layer_norm_epsilon: 1e-5,
  activation_function: "gelu_new",
  bos_token_id: 0
}

const size = (shape: ReadonlyArray<number>): number => shape.reduce((a, b) => a * b, 1)

/** Loaded in the scope; weights of layer norms are one, everything else is normal with standard deviation 0.5. */
export const tinyModel = Effect.suspend(() => {
  const rng = make(0, "tiny model")
  const tensors = new Map(
    gpt2Parameters(config).map(({ name, shape }) => {
      const norm = /ln_\w+\.weight$/.test(name)
      return [name, { shape, data: Float32Array.from({ length: size(shape) }, () => (norm ? 1 : 0.5 * rng.normal())) }]
    })
  )
  const weights: Safetensors = {
    entries: new Map(
      [...tensors].map(([name, { shape }]) => [name, { dtype: "F32" as const, shape, size: 4 * size(shape) }])
    ),
    metadata: {},
    bytes: () => Effect.die("not read as bytes"),
    float32: (name) => Effect.sync(() => (tensors.get(name) as { data: Float32Array<ArrayBuffer> }).data.slice())
  }
  return loadModel({ config, weights: Effect.succeed(weights) })
})

export interface TinyText {
  readonly ids: Int32Array<ArrayBuffer>
  readonly documents: Int32Array<ArrayBuffer>
  readonly contextSize: number
}

/** One document per context; BOS (0) at the start of each, belonging to none. */
export const tinyText = (contexts: number, contextSize: number, seed: number): TinyText => {
  const rng = make(seed, "tiny text")
  const ids = Int32Array.from({ length: contexts * contextSize }, (_, i) =>
    i % contextSize === 0 ? 0 : 1 + rng.int(config.vocab_size - 1)
  )
  const documents = ids.map((_, i) => (i % contextSize === 0 ? -1 : Math.floor(i / contextSize)))
  return { ids, documents, contextSize }
}

const contextsOf = ({ ids, documents, contextSize }: TinyText): TokensHandle => ({
  digest: "tokens",
  contexts: ids.length / contextSize,
  context_size: contextSize,
  documents: ids.length / contextSize,
  vocab_size: config.vocab_size,
  bos_id: 0,
  packing: joinedEnds(0),
  tokenizer: "",
  source: "test",
  read: () => Effect.succeed({ first: 0, count: ids.length / contextSize, ids, documents }),
  documentNames: Effect.succeed(undefined)
})

const batchRows = 100

/** Rows of the hook, captured by real forward passes; the last `heldOut` contexts are held out. */
export const captured = (model: RunnableModel, hook: string, text: TinyText, heldOut: number): OpenActivations => {
  const { ids, documents, contextSize: time } = text
  const batch = ids.length / time
  const { activations } = runModel(model, { ids, batch, time }, { hooks: [hook] })
  const tensor = activations[hook]
  if (tensor === undefined) throw new Error(`no activation at ${hook}`)
  const values = Float32Array.from(tensor.dataSync())
  tensor.dispose()
  const d_in = values.length / ids.length
  const firstHeldOut = batch - heldOut
  const rowSet = (wanted: (position: number) => boolean): RowSet => {
    const positions = Int32Array.from(ids.keys()).filter((i) => i % time !== 0 && wanted(i))
    return {
      rows: positions.length,
      batches: Math.ceil(positions.length / batchRows),
      batch_rows: batchRows,
      positions_sha256: "",
      loadRows: (first = 0, count = positions.length) =>
        Effect.sync(() => {
          const rows = new Float32Array(count * d_in)
          for (const [i, p] of positions.subarray(first, first + count).entries()) {
            rows.set(values.subarray(p * d_in, (p + 1) * d_in), i * d_in)
          }
          return rows
        }),
      readBatch: (index) =>
        Effect.sync(() => {
          const position = positions.slice(index * batchRows, (index + 1) * batchRows)
          const activation = new Float32Array(position.length * d_in)
          for (const [i, p] of position.entries()) activation.set(values.subarray(p * d_in, (p + 1) * d_in), i * d_in)
          return {
            first: index * batchRows,
            rows: position.length,
            activation,
            norm: new Float32Array(position.length),
            position,
            document: position.map((p) => documents[p] as number),
            token: position.map((p) => ids[p] as number)
          }
        })
    }
  }
  const rows: StoredRows = {
    stored: true,
    train: rowSet((p) => p < firstHeldOut * time),
    held_out: rowSet((p) => p >= firstHeldOut * time)
  }
  return {
    ...rows,
    rows,
    digest: "activations",
    hook,
    d_in,
    model: "model",
    tokens: "tokens",
    context_size: time,
    contexts: contextsOf(text),
    dtype: "f32",
    order: { by: "tokens" },
    norm: { rows: 0, mean: 0, root_mean_square: 0, min: 0, max: 0, quantiles: {} },
    outliers: Effect.succeed(new Int32Array(0)),
    computed: undefined,
    mask: { drop_bos: true, outlier_factor: null, median_contexts: 0, hooks: [] },
    split: {
      by: "document",
      held_out_fraction: heldOut / batch,
      seed: 0,
      held_out_documents: Array.from({ length: heldOut }, (_, i) => firstHeldOut + i),
      first_held_out_context: null
    }
  }
}
