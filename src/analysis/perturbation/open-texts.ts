/** The model, the dictionaries and the pooled texts of instances that ask for the same ones. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { TokensHandle } from "../../kinds/tokens/tokens-handle.ts"
import { findHook } from "../../model/hook-name.ts"
import { openModel } from "../../model/open-model.ts"
import type { ModelInfo } from "../../model/decoder/model-info.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import type { Progress } from "../../stage/progress.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { type ClassTexts, type LabelledTexts, probeRows, splitTexts } from "./class-texts.ts"
import { saebenchProbe, trainProbe } from "./linear-probe.ts"
import type { PerturbationParams } from "./perturbation-params.ts"
import { poolTexts } from "./pooled-texts.ts"
import type { ProbedClass } from "./tpp-figures.ts"

interface Member {
  readonly inputs: { readonly sae: Opened<SaeHandle>; readonly model: Opened<LanguageModelHandle> }
  readonly params: PerturbationParams
  readonly progress: (progress: Progress) => void
}

const hookOf = Effect.fnUntraced(function* (sae: SaeHandle, params: PerturbationParams, info: ModelInfo) {
  const hook = params.hook ?? sae.hook
  if (hook === null) return yield* stageFailed("the SAE does not say which hook it reads", "Set hook.")
  const point = findHook(hook, info)
  if (typeof point === "string") return yield* stageFailed(point, "Give an SAE of this model.")
  if (sae.rows !== "activations" || !point.perToken || point.width !== sae.d_in) {
    return yield* stageFailed(
      `the SAE reads ${sae.rows} of ${sae.d_in} numbers, ${hook} has ${point.width} of each token`,
      "Give an SAE of this model's hook."
    )
  }
  return hook
})

/** Dictionary of one instance, and its texts. */
export interface OpenedTexts {
  readonly hook: string
  readonly d_sae: number
  readonly W_dec: Float32Array
  /** Of each input. */
  readonly classes: ReadonlyArray<ClassTexts>
  /** Of all inputs together. */
  readonly documents: number
}

/** In the order of the members, which differ in their SAE alone. Needs a scope. */
export const openTexts = Effect.fn("openTexts")(function* (
  members: ReadonlyArray<Member>,
  texts: ReadonlyArray<{ readonly name: string; readonly tokens: TokensHandle }>
) {
  const [{ inputs, params }] = members as readonly [Member]
  const handle = inputs.model.value
  const model = yield* openModel(handle)
  const readers = yield* Effect.forEach(members, (member) =>
    Effect.gen(function* () {
      const sae = member.inputs.sae.value
      const hook = yield* hookOf(sae, params, model.info)
      const weights = yield* sae.weights
      return { hook, sae: yield* openSaeModel(weights), W_dec: weights.W_dec }
    })
  )
  const total = texts.reduce((sum, { tokens }) => sum + Math.min(params.texts, tokens.contexts), 0)
  let done = 0
  const tell = (count: number): void => {
    done += count
    for (const { progress } of members) progress({ done, total, unit: "texts" })
  }
  const pooled = yield* Effect.forEach(texts, ({ name, tokens }) =>
    poolTexts(model, handle, tokens, name, readers, params.texts, tell)
  )
  const firsts: Array<number> = []
  let documents = 0
  for (const [n, { name }] of texts.entries()) {
    const found = new Set(pooled[n]!.documents).size
    if (found < 2) {
      return yield* stageFailed(
        `${name} has ${found} documents with contexts of their own: none can be held out`,
        "Give texts of several documents."
      )
    }
    firsts.push(documents)
    documents += found
  }
  return readers.map(({ hook, sae, W_dec }, reader): OpenedTexts => ({
    hook,
    d_sae: sae.d_sae,
    W_dec,
    documents,
    classes: texts.map(({ name }, n) =>
      splitTexts(
        pooled[n]!,
        { name, hook, reader },
        firsts[n]!,
        params.held_out_fraction,
        Rng.make(params.seed, `documents of input ${n}`)
      )
    )
  }))
})

/** A probe of these texts. */
export const probeOf = (
  { train, test }: { readonly train: LabelledTexts; readonly test: LabelledTexts },
  { as_published, seed }: PerturbationParams,
  name: string
): ProbedClass => {
  const rng = Rng.make(seed, `order of the texts of ${name}`)
  return {
    train,
    test,
    probe: trainProbe(probeRows(train), {
      ...saebenchProbe,
      order: (rows) => rng.permutation(rows),
      ...(as_published ? { keepBest: probeRows(test) } : {})
    })
  }
}
