/** The stage evaluate-ravel. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Json } from "../../json/canonical-json.ts"
import type { EntitiesHandle } from "../../kinds/entities.ts"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { findHook } from "../../model/hook-name.ts"
import { openModel } from "../../model/open-model.ts"
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import { floatTensors } from "../../stage/checkpoint.ts"
import { keptParts, type Part } from "../../stage/kept-parts.ts"
import type { Opened } from "../../stage/input.ts"
import { withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { chosenLatents, learnMask } from "./binary-mask.ts"
import { drawPairs, type EntityPair } from "./entity-pairs.ts"
import { learnSubspace, randomSubspace } from "./learnt-subspace.ts"
import { readEntityPrompts } from "./entity-prompts.ts"
import { knownPrompts, type RavelSplit, splitKnown } from "./known-prompts.ts"
import { entityRows } from "./prompt-runs.ts"
import { disentanglement, meanScores, swapScores, type SwapScores } from "./ravel-figures.ts"
import { differingLatents, type Swap, swapSays, type SwapSetting } from "./swapped-rows.ts"

interface RavelParams extends RavelSplit {
  readonly pairs: number
  readonly test_pairs: number
  readonly epochs: number
  readonly batch: number
  readonly lr: number
  readonly generated_tokens: number
  readonly keep_error: boolean
  readonly subspace: number
  readonly subspace_lr: number
}

interface RavelInputs {
  readonly sae: Opened<SaeHandle>
  readonly model: Opened<LanguageModelHandle>
  readonly entities: Opened<EntitiesHandle>
}

/** Latents, or of each pair what it says. */
const Numbers = Schema.Array(Schema.Int)

const hookOf = Effect.fnUntraced(function* ({ hook, rows, d_in }: SaeHandle, info: Parameters<typeof findHook>[1]) {
  const point = hook === null ? "the dictionary does not say which hook it reads" : findHook(hook, info)
  if (hook === null || typeof point === "string") {
    return yield* stageFailed(typeof point === "string" ? point : "", "Give a dictionary of a hook of this model.")
  }
  if (rows !== "activations" || !point.perToken || point.width !== d_in) {
    return yield* stageFailed(
      `the dictionary reads ${rows} of ${d_in} numbers; ${hook} has ${point.width} of each token`,
      "Give a dictionary of this model's activations."
    )
  }
  return hook
})

/** What is swapped in the end, the controls, and the skyline with its own. */
type SwapName = "learnt" | "random" | "none" | "whole"
type SkylineName = "subspace" | "random_subspace"
type Scores = (times: ArrayLike<number>) => SwapScores

interface AttributeResult {
  readonly attribute: string
  readonly chosen: ReadonlyArray<number>
  /** Of the chosen latents, those that differ in any pair. */
  readonly swapped: number
  readonly differing: number
  /** By how often each entity was drawn. */
  readonly scores: Readonly<Record<SwapName, Scores>>
  readonly skyline: Readonly<Record<SkylineName, Scores>> | undefined
}

export const ravelStage = Effect.fn("ravelStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log,
  checkpoint
}: StageContext<RavelParams, unknown, RavelInputs>) {
  const entities = inputs.entities.value
  const attributes = Object.keys(entities.templates)
  if (attributes.length < 2) {
    return yield* stageFailed("there is one attribute: nothing else could change", "Give entities with two and more.")
  }
  const handle = inputs.model.value
  const model = yield* openModel(handle)
  const tokenizer = yield* openTokenizer(handle.tokenizer)
  const hook = yield* hookOf(inputs.sae.value, model.info)
  const sae = yield* openSaeModel(yield* inputs.sae.value.weights)
  const { n_ctx, bos } = model.info
  const prompts = yield* readEntityPrompts(
    entities,
    tokenizer,
    { n_ctx, bos: bos ?? undefined },
    params.generated_tokens
  )
  const said = { tokens: params.generated_tokens, decode: tokenizer.decode }
  const kept = yield* keptParts(checkpoint)
  const known = yield* knownPrompts(model, prompts, params.batch, said, kept)
  yield* breathe
  const split = yield* splitKnown(known, prompts.length, entities, params)
  const setting: SwapSetting = {
    model,
    sae,
    hook,
    rows: entityRows(model, hook, prompts, params.batch),
    keep_error: params.keep_error,
    batch: params.batch
  }
  if (params.subspace > sae.d_in) {
    return yield* stageFailed(
      `a subspace of ${params.subspace} dimensions is asked for, ${hook} has ${sae.d_in}`,
      "Lower subspace."
    )
  }
  const steps = params.epochs * Math.ceil((2 * params.pairs) / params.batch)
  const total = attributes.length * steps * (params.subspace > 0 ? 2 : 1)
  let [learnings, step] = [0, 0]
  const learn = Effect.fnUntraced(function* <A>(learning: Generator<number, A>) {
    let learnt = learning.next()
    while (learnt.done !== true) {
      step++
      progress({ done: step, total, unit: "steps" })
      yield* breathe
      learnt = learning.next()
    }
    return learnt.value
  })
  /** Learns once, if a run that was stopped goes on. */
  const learnOnce = <A extends Json>(name: string, schema: Schema.Codec<A>, learning: Effect.Effect<Part<A>>) =>
    Effect.tap(kept.part(name, schema, learning), () => Effect.sync(() => void (step = ++learnings * steps)))
  const of = (part: "train" | "test", attribute: string, count: number): ReadonlyArray<EntityPair> =>
    drawPairs(split[part], attributes, attribute, count, Rng.make(params.seed, `${part} pairs of ${attribute}`))
  const results: Array<AttributeResult> = []
  for (const attribute of attributes) {
    const train = of("train", attribute, params.pairs)
    const { json: chosen } = yield* learnOnce(
      `latents of ${attribute}`,
      Numbers,
      Effect.map(learn(learnMask(setting, train, params)), (logits) => ({ json: chosenLatents(logits), tensors: {} }))
    )
    const pairs = of("test", attribute, params.test_pairs)
    const differing = differingLatents(setting, pairs)
    const moves = new Set(differing)
    const swapped = chosen.filter((latent) => moves.has(latent))
    const order = Rng.make(params.seed, `latents at random, ${attribute}`).permutation(differing.length)
    const what: Readonly<Record<SwapName, Swap>> = {
      learnt: new Set(chosen),
      random: new Set(Array.from(order.subarray(0, swapped.length), (n) => differing[n]!)),
      none: new Set(),
      whole: "row"
    }
    const measure = (name: SwapName | SkylineName, swap: Swap) =>
      kept
        .part(
          `${name} swapped, ${attribute}`,
          Numbers,
          Effect.andThen(
            breathe,
            Effect.sync(() => ({ json: swapSays(setting, pairs, swap, said), tensors: {} }))
          )
        )
        .pipe(Effect.map(({ json }) => swapScores(pairs, json)))
    const scores = yield* Effect.all({
      learnt: measure("learnt", what.learnt),
      random: measure("random", what.random),
      none: measure("none", what.none),
      whole: measure("whole", what.whole)
    })
    let skyline: AttributeResult["skyline"]
    if (params.subspace > 0) {
      const rng = Rng.make(params.seed, `a subspace, ${attribute}`)
      const begin = randomSubspace(sae.d_in, params.subspace, rng)
      const { tensors } = yield* learnOnce(
        `subspace of ${attribute}`,
        Schema.Null,
        Effect.map(learn(learnSubspace(setting, train, begin, { ...params, lr: params.subspace_lr })), ({ basis }) => ({
          json: null,
          tensors: { basis }
        }))
      )
      const { basis } = floatTensors(tensors)
      if (basis === undefined) return yield* Effect.die(new Error("a subspace without its basis"))
      const own = { dimensions: params.subspace, basis }
      skyline = yield* Effect.all({
        subspace: measure("subspace", own),
        random_subspace: measure("random_subspace", begin)
      })
    }
    results.push({ attribute, chosen, swapped: swapped.length, differing: differing.length, scores, skyline })
  }
  const held = [...new Set(split.test.map(({ entity }) => entity))]
  const over = (name: SwapName, times: ArrayLike<number>) =>
    meanScores(results.map(({ scores }) => scores[name](times)))
  const skylines = results.flatMap(({ skyline }) => (skyline === undefined ? [] : [skyline]))
  const overSkyline = (times: ArrayLike<number>) => {
    if (skylines.length === 0) return {}
    const of = (name: SkylineName) => meanScores(skylines.map((each) => each[name](times)))
    const [own, random] = [of("subspace"), of("random_subspace")]
    return {
      subspace_disentanglement: disentanglement(own),
      subspace_cause: own.cause,
      subspace_isolation: own.isolation,
      random_subspace_disentanglement: disentanglement(random),
      random_subspace_cause: random.cause
    }
  }
  const statistics = (times: ArrayLike<number>) => {
    const [learnt, random, none, whole] = [
      over("learnt", times),
      over("random", times),
      over("none", times),
      over("whole", times)
    ]
    return {
      disentanglement_score: disentanglement(learnt),
      cause_score: learnt.cause,
      isolation_score: learnt.isolation,
      random_disentanglement: disentanglement(random),
      random_cause: random.cause,
      none_cause: none.cause,
      none_isolation: none.isolation,
      whole_cause: whole.cause,
      whole_isolation: whole.isolation,
      ...overSkyline(times)
    }
  }
  const all = new Int32Array(entities.entities.length).fill(1)
  const intervals = bootstrapIntervals(
    [held.length],
    (times) => {
      const drawn = new Int32Array(entities.entities.length)
      for (const [n, entity] of held.entries()) drawn[entity] = times[n]!
      return statistics(drawn)
    },
    Rng.make(params.seed, "intervals of entities")
  )
  const found = statistics(all)
  const swapped = results.reduce((sum, each) => sum + each.swapped, 0) / results.length
  const file: FiguresFile = {
    format: 1,
    title: `Attributes of ${entities.type} swapped at ${hook}`,
    note: `Latents of one entity's last token take those of another entity's. Cause: the answer to the attribute becomes the other entity's; isolation: answers to the others stay. Swapping nothing gives 0 and at most 1, swapping everything at most 1 and 0: both a disentanglement of 0.5. Masks are learnt on other entities than the ${held.length} that are measured.`,
    charts: [],
    tables: [
      {
        title: "Attribute by attribute",
        columns: [
          "attribute",
          "latents swapped",
          "of those that differ",
          "cause",
          "isolation",
          "random: cause",
          "random: isolation",
          "whole row: cause",
          "whole row: isolation"
        ],
        rows: results.map(({ attribute, swapped: own, differing, scores }) => {
          const [learnt, random, whole] = [scores.learnt(all), scores.random(all), scores.whole(all)]
          return [
            attribute,
            own,
            differing,
            learnt.cause,
            learnt.isolation,
            random.cause,
            random.isolation,
            whole.cause,
            whole.isolation
          ]
        })
      }
    ]
  }
  yield* output.writeJson(figuresFileName, file)
  yield* output.writeJson("ravel.json", {
    latents: Object.fromEntries(results.map(({ attribute, chosen }) => [attribute, chosen]))
  })
  log(`${known.length} of ${prompts.length} prompts are answered right`)
  return {
    ...withIntervals(found, intervals),
    accuracy: known.length / prompts.length,
    latents: swapped,
    entities: held.length
  }
}, Effect.scoped)
