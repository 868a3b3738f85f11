/**
 * What the compiler says of stage kinds: checked by `npm run types`, never run. A line under `@ts-expect-error` that would
 * compile is itself an error.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Activations, Files, makeKind, Sae } from "sae-pipeline/kinds"
import type { ActivationsHandle, SaeHandle } from "sae-pipeline/kinds"
import { Param, Stage, stageFailed } from "sae-pipeline/stage"

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare const same: <A, B>(equal: Equal<A, B>) => void

const params = {
  k: Param.integer({ description: "active latents", minimum: 1 }),
  lr: Param.number({ description: "rate", default: null }),
  mode: Param.choice(["mean", "zero"], { description: "which", default: "mean" }),
  hooks: Param.list(Param.string({ description: "a hook" }), { description: "hooks", default: [] })
}
const loss = { loss: { better: "lower", tolerance: 0.01, description: "mean squared error" } } as const
const rest = { summary: "a kind", output: Files, engine: false, isolation: "pool" } as const

// What `run` sees follows from the declaration.
Stage.make("sees", {
  ...rest,
  params,
  inputs: {
    activations: Stage.one(Activations, "rows"),
    init: Stage.optional(Sae, "first weights"),
    saes: Stage.list(Sae, "several"),
    any: Stage.record("whatever")
  },
  sources: { text: { of: "text", description: "a text" } },
  metrics: loss,
  run: ({ params, inputs, sources, settings }) => {
    same<typeof params.k, number>(true)
    same<typeof params.lr, number | null>(true)
    same<typeof params.mode, "mean" | "zero">(true)
    same<typeof params.hooks, ReadonlyArray<string>>(true)
    same<typeof inputs.activations.value, ActivationsHandle>(true)
    same<typeof inputs.init, Stage.Opened<SaeHandle> | undefined>(true)
    same<typeof inputs.saes, ReadonlyArray<Stage.Opened<SaeHandle>>>(true)
    same<typeof sources.text.uri, string>(true)
    same<typeof settings, undefined>(true)
    // @ts-expect-error no parameter of that name is declared
    void params.steps
    // @ts-expect-error no input of that name is declared
    void inputs.model
    // @ts-expect-error an optional input may not be there
    void inputs.init.value
    return Effect.succeed({ loss: 0 })
  }
})

// Settings are what `decode` makes of the parameters.
Stage.make("decodes", {
  ...rest,
  params,
  decode: ({ k }) =>
    k > 8 ? Result.fail([{ param: "k", problem: "is more than 8" }]) : Result.succeed({ half: k / 2 }),
  inputs: {},
  metrics: {},
  run: ({ settings }) => {
    same<typeof settings.half, number>(true)
    return Effect.succeed({})
  }
})

// Declared metrics are given, as numbers; one that is optional may be missing, or say why it has no number.
const metrics = { ...loss, ce: { better: "higher", tolerance: 0.1, description: "recovered", optional: true } } as const
Stage.make("gives", { ...rest, params, inputs: {}, metrics, run: () => Effect.succeed({ loss: 1, other: 2 }) })
Stage.make("gives", {
  ...rest,
  params,
  inputs: {},
  metrics,
  run: () => Effect.succeed({ loss: 1, ce: { unmeasured: "no model" } })
})
// @ts-expect-error `loss` is missing
Stage.make("gives", { ...rest, params, inputs: {}, metrics, run: () => Effect.succeed({ ce: 1 }) })
// @ts-expect-error `loss` is no number
Stage.make("gives", { ...rest, params, inputs: {}, metrics, run: () => Effect.succeed({ loss: "low" }) })
// @ts-expect-error `loss` is not optional
Stage.make("gives", { ...rest, params, inputs: {}, metrics, run: () => Effect.succeed({ loss: { unmeasured: "?" } }) })

// Kinds are kinds, a project's own too.
const Counts = makeKind({
  name: "Counts",
  version: 1,
  description: "counts",
  open: () => Effect.succeed({ counts: [1] })
})
Stage.make("counts", {
  ...rest,
  params: {},
  inputs: { counts: Stage.one(Counts, "counts") },
  output: Counts,
  metrics: {},
  run: ({ inputs }) => {
    same<typeof inputs.counts.value, { counts: Array<number> }>(true)
    return Effect.succeed({})
  }
})
// @ts-expect-error an input takes a kind, not its name
Stage.one("Sae", "an SAE")
// @ts-expect-error an output is a kind, not its name
Stage.make("wrong", { ...rest, params: {}, inputs: {}, output: "Sae", metrics: {}, run: () => Effect.succeed({}) })
const takesSae = (sae: Stage.Opened<SaeHandle>): string => sae.value.digest
Stage.make("wrong", {
  ...rest,
  params: {},
  inputs: { activations: Stage.one(Activations, "rows") },
  metrics: {},
  // @ts-expect-error activations are no SAE
  run: ({ inputs }) => Effect.succeed({ length: takesSae(inputs.activations).length })
})

// Failures are the stage's own or an artifact's; others have to be told as one of these.
Stage.make("fails", { ...rest, params: {}, inputs: {}, metrics: {}, run: () => Effect.fail(stageFailed("no rows")) })
// @ts-expect-error a plain Error says neither whether trying again helps nor what to do
Stage.make("fails", { ...rest, params: {}, inputs: {}, metrics: {}, run: () => Effect.fail(new Error("no rows")) })

// Defaults are of the parameter's type.
// @ts-expect-error 1.5 is given as text
Param.number({ description: "a number", default: "1.5" })
// @ts-expect-error not among the choices
Param.choice(["mean", "zero"], { description: "which", default: "median" })
