/** What the live page's server answers, beside the page itself: a fixed list of questions, none of which names a file. */
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as ScopedCache from "effect/ScopedCache"
import * as Semaphore from "effect/Semaphore"
import { isEvent } from "../run/read-events.ts"
import { type ListedSae, type LiveRun, MOST_CLAMPED } from "../explore/answers.ts"
import { fire, goOn, look, MOST_CONTINUED, MOST_TOKENS } from "../explore/explorer.ts"
import { openExplored, openExploredModel } from "../explore/open-explored.ts"
import { Sae } from "../kinds/sae/sae.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { RunSummary } from "../store/run-record.ts"
import { Store } from "../store/store.ts"
import { loadEngine } from "../tensor/engine/engine.ts"
import { liveRun } from "./live-run.ts"

const Digest = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))
const Latent = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
/** A token is a few characters: longer texts are refused before they are encoded. */
const Text = Schema.String.check(Schema.isMaxLength(MOST_TOKENS * 40))

const questions = {
  fire: Schema.Struct({ sae: Digest, text: Text }),
  look: Schema.Struct({ sae: Digest, text: Text, position: Latent }),
  continue: Schema.Struct({
    sae: Digest,
    text: Text,
    clamps: Schema.Array(Schema.Struct({ latent: Latent, value: Schema.Finite })).check(
      Schema.isMinLength(1),
      Schema.isMaxLength(MOST_CLAMPED)
    ),
    tokens: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: MOST_CONTINUED }))
  })
} as const

export type Question = keyof typeof questions

export const isQuestion = (name: string): name is Question => Object.hasOwn(questions, name)

/** SAEs that stay open: a model of a few gigabytes once, dictionaries of a few hundred megabytes. */
const OPEN_MODELS = 1
const OPEN_SAES = 3

/** Undefined where it cannot be asked: a meta-SAE reads decoder rows. One that cannot be read is listed with the reason. */
const describeSae = Effect.fnUntraced(
  function* (digest: string) {
    const sae = yield* Sae.open(yield* (yield* Store).artifact(digest, { fetch: false }))
    const { hook, model, activations, d_sae, architecture } = sae
    return hook === null || model === null || activations === null
      ? undefined
      : `${d_sae} latents, ${architecture}, ${hook}`
  },
  (effect) => Effect.catch(effect, ({ message }) => Effect.succeed(`cannot be read: ${message}`))
)

/** @param experiment its SAEs are listed first */
export const answersFor = Effect.fn("answersFor")(function* (experiment: string) {
  const store = yield* Store
  const models = yield* ScopedCache.make({ lookup: openExploredModel, capacity: OPEN_MODELS })
  const saes = yield* ScopedCache.make({
    lookup: (digest: string) => openExplored(digest, (model) => ScopedCache.get(models, model)),
    capacity: OPEN_SAES
  })
  // A process has one engine, and a question that waits costs less than two that share the cores.
  const oneByOne = yield* Semaphore.make(1)
  const described = yield* Cache.make({ lookup: describeSae, capacity: 10_000 })
  const listed = Effect.gen(function* () {
    const all = (yield* store.list).filter(
      ({ kind, size, present, keys }) => kind === Sae.name && size !== null && present >= size && keys.length > 0
    )
    const rows = yield* Effect.forEach(all, ({ digest, keys }) =>
      Effect.map(Cache.get(described, digest), (what) => {
        const own = keys.find((key) => key.experiment === experiment)
        const key = own ?? keys.at(-1)
        return what === undefined || key === undefined
          ? undefined
          : { digest, own: own !== undefined, label: `${key.stage} of ${key.experiment}: ${what}` }
      })
    )
    return rows
      .filter((row) => row !== undefined)
      .toSorted((a, b) => Number(b.own) - Number(a.own))
      .map(({ digest, label }): ListedSae => ({ digest, label }))
  })
  const latest: Effect.Effect<RunSummary | undefined> = Effect.map(store.runs, (runs) =>
    runs.find((run) => run.experiment === experiment)
  )
  const run = Effect.gen(function* () {
    const summary = yield* latest
    if (summary === undefined) return null
    const head = yield* summary.head
    const events = yield* summary.events
    return liveRun(summary.id, events.filter(isEvent), head) satisfies LiveRun
  })
  const explored = Effect.fnUntraced(function* (digest: string) {
    // Only what the store has as an SAE is opened.
    const known = yield* listed
    if (!known.some((sae) => sae.digest === digest)) return yield* stageFailed("the store has no such SAE")
    yield* loadEngine("auto")
    return yield* ScopedCache.get(saes, digest)
  })
  const answer = Effect.fnUntraced(function* (question: Question, body: unknown) {
    switch (question) {
      case "fire": {
        const { sae, text } = yield* Schema.decodeUnknownEffect(questions.fire)(body)
        return yield* fire(yield* explored(sae), text)
      }
      case "look": {
        const { sae, text, position } = yield* Schema.decodeUnknownEffect(questions.look)(body)
        return yield* look(yield* explored(sae), text, position)
      }
      case "continue": {
        const { sae, text, clamps, tokens } = yield* Schema.decodeUnknownEffect(questions.continue)(body)
        return yield* goOn(yield* explored(sae), text, clamps, tokens)
      }
    }
  })
  return {
    saes: listed,
    run,
    answer: (question: Question, body: unknown) => Semaphore.withPermit(oneByOne, answer(question, body))
  }
})

export type Answers = Effect.Success<ReturnType<typeof answersFor>>
