/** A model that is run here as a reader of texts: any that gives logits, with a chat template or without one. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Semaphore from "effect/Semaphore"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import type { KeptPrefix } from "../model/blocks/kept-prefix.ts"
import { openModel } from "../model/open-model.ts"
import { runModel } from "../model/run-model.ts"
import type { RunnableModel } from "../model/runnable-model.ts"
import { tokenLosses } from "../model/unembed.ts"
import { breathe } from "../stage/breathe.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { tidily } from "../tensor/tidily.ts"
import { openTokenizer } from "../text/open-tokenizer.ts"
import type { AnsweredBefore } from "./answered-before.ts"
import type { TextReader } from "./text-reader.ts"

const finalHook = "ln_final.hook_normalized"

/** Tokens of one pass. */
const tokensPerPass = 1024

/** Rows of one length, filled up at the end: nothing looks ahead, so that what stands before is as without. */
const filled = (rows: ReadonlyArray<ReadonlyArray<number>>) => {
  const time = Math.max(...rows.map((row) => row.length))
  const ids = new Int32Array(rows.length * time)
  for (const [i, row] of rows.entries()) ids.set(row, i * time)
  return { ids, batch: rows.length, time }
}

const inPasses = <A>(items: ReadonlyArray<ReadonlyArray<number>>, run: (rows: typeof items) => ReadonlyArray<A>) =>
  Effect.gen(function* () {
    const results: Array<A> = []
    const longest = Math.max(1, ...items.map((row) => row.length))
    const size = Math.max(1, Math.floor(tokensPerPass / longest))
    for (let first = 0; first < items.length; first += size) {
      results.push(...run(items.slice(first, first + size)))
      yield* breathe
    }
    return results
  })

/** Sums over the rows' tokens but the first, whose logarithms of the probability are negative losses. */
const likelihoods = (
  model: RunnableModel,
  rows: ReadonlyArray<ReadonlyArray<number>>,
  prefix: KeptPrefix | undefined
): ReadonlyArray<number> => {
  const tokens = filled(rows)
  const { activations } = runModel(model, tokens, { hooks: [finalHook], ...(prefix && { prefix }) })
  const final = activations[finalHook] as tf.Tensor
  const at = rows.flatMap((row, i) => row.slice(1).map((_, t) => i * tokens.time + t))
  const targets = Int32Array.from(rows.flatMap((row) => row.slice(1)))
  const losses = tidily(() => {
    const flat = tf.reshape<tf.Rank.R2>(final, [tokens.batch * tokens.time, model.info.d_model])
    return tokenLosses(model, tf.gather(flat, tf.tensor1d(at, "int32")), targets)
  })
  final.dispose()
  let first = 0
  return rows.map((row) => {
    let sum = 0
    for (const loss of losses.subarray(first, first + row.length - 1)) sum -= loss
    first += row.length - 1
    return sum
  })
}

/** @param leading tokens at the start of each row that are no text */
const meanStates = (
  model: RunnableModel,
  rows: ReadonlyArray<ReadonlyArray<number>>,
  leading: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const tokens = filled(rows)
  const { activations } = runModel(model, tokens, { hooks: [finalHook] })
  const final = activations[finalHook] as tf.Tensor
  const values = final.dataSync<"float32">()
  final.dispose()
  const { d_model } = model.info
  return rows.map((row, i) => {
    const sum = new Float64Array(d_model)
    for (let t = leading; t < row.length; t++) {
      const first = (i * tokens.time + t) * d_model
      for (let j = 0; j < d_model; j++) sum[j] = sum[j]! + values[first + j]!
    }
    return Array.from(sum, (each) => Math.fround(each / Math.max(1, row.length - leading)))
  })
}

/** Its weights live as long as the scope. */
export const localReader = Effect.fn("localReader")(function* (
  handle: LanguageModelHandle,
  { answered }: AnsweredBefore
) {
  const model = yield* openModel(handle)
  const tokenizer = yield* openTokenizer(handle.tokenizer)
  const { n_ctx, bos } = model.info
  const leading = bos === null ? [] : [bos]
  const fits = (tokens: number) =>
    tokens <= n_ctx
      ? Effect.void
      : Effect.fail(
          stageFailed(`a text to be read is ${tokens} tokens, in a context of ${n_ctx}`, "Read shorter texts.")
        )

  const likelihoodsAfter = Effect.fnUntraced(function* (beginning: string, texts: ReadonlyArray<string>) {
    const begun = [...leading, ...tokenizer.encode(beginning)]
    const rows = texts.map((text) => Array.from(tokenizer.encode(text)))
    const longest = Math.max(0, ...rows.map((row) => row.length))
    yield* fits(begun.length + longest)
    // The last of the beginning predicts the first of each text.
    const [before, last] = [begun.slice(0, -1), begun.at(-1)]
    if (last === undefined) return yield* stageFailed("a text is read after no token", "Give a beginning.")
    const goesOn = before.length > 0 && model.breaks(before.length, begun.length + longest) === undefined
    const prefix = goesOn
      ? runModel(model, { ids: Int32Array.from(before), batch: 1, time: before.length }, { keep: true }).kept
      : undefined
    yield* Effect.addFinalizer(() => Effect.sync(() => prefix?.dispose()))
    if (prefix !== undefined)
      return yield* inPasses(
        rows.map((row) => [last, ...row]),
        (some) => likelihoods(model, some, prefix)
      )
    const whole = yield* inPasses(
      rows.map((row) => [...begun, ...row]),
      (some) => likelihoods(model, some, undefined)
    )
    const alone = likelihoods(model, [begun], undefined)[0] as number
    return whole.map((each) => each - alone)
  }, Effect.scoped)

  // One at a time: the engine is one, and two passes would hold twice the memory.
  const turn = yield* Semaphore.make(1)
  const reader: TextReader = {
    logLikelihoods: (beginning, texts) =>
      answered(
        Schema.Array(Schema.Finite),
        ["log likelihoods", beginning, texts],
        likelihoodsAfter(beginning, texts)
      ).pipe(
        turn.withPermits(1),
        Effect.catchTag("ArtifactError", (error) => Effect.fail(stageFailed(error.message)))
      ),
    embeddings: (texts) =>
      Effect.gen(function* () {
        const rows = texts.map((text) => [...leading, ...tokenizer.encode(text)])
        yield* fits(Math.max(0, ...rows.map((row) => row.length)))
        return yield* inPasses(rows, (some) => meanStates(model, some, leading.length))
      }).pipe(turn.withPermits(1))
  }
  return reader
})
