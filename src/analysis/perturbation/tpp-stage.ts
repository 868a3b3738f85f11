/** The stage evaluate-tpp. */
import * as Effect from "effect/Effect"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { TokensHandle } from "../../kinds/tokens/tokens.ts"
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { type Estimate, estimated, type Unmeasured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { type ClassTexts, dealtAnew, oneAgainstOthers } from "./class-texts.ts"
import { firingLatents, openTexts, type OpenedTexts, probeOf } from "./open-texts.ts"
import { ablatedNumbers, type PerturbationParams } from "./perturbation-params.ts"
import { type Perturbation, perturbedProbes, type ProbedClass } from "./tpp-figures.ts"

interface TppInputs {
  readonly sae: Opened<SaeHandle>
  readonly model: Opened<LanguageModelHandle>
  readonly classes: ReadonlyArray<Opened<TokensHandle>>
}
type Context = StageContext<PerturbationParams, unknown, TppInputs>

/** Draws of the control's latents; an interval over documents says nothing of them. */
const draws = 20

const nameOf = ({ at }: Opened<TokensHandle>, n: number): string =>
  Object.values(at).map(String).join(" ") || `class ${n + 1}`

const probesOf = (classes: ReadonlyArray<ClassTexts>, params: PerturbationParams): ReadonlyArray<ProbedClass> => {
  const of = (part: "train" | "test", chosen: number) =>
    oneAgainstOthers(
      classes.map((each) => each[part]),
      chosen,
      Rng.make(params.seed, `${part} texts against class ${chosen}`)
    )
  return classes.map(({ name }, chosen) =>
    probeOf({ train: of("train", chosen), test: of("test", chosen) }, params, name)
  )
}

/** The same texts with the codes of another dictionary. */
const withTexts = (
  probes: ReadonlyArray<ProbedClass>,
  classes: ReadonlyArray<ClassTexts>
): ReadonlyArray<ProbedClass> => {
  const key = ({ document, text }: { readonly document: number; readonly text: number }) => `${document} ${text}`
  const own = new Map(
    classes.flatMap(({ train, test }) => [...train, ...test].map((text) => [key(text), text] as const))
  )
  const swap = ({ texts, positive }: ProbedClass["train"]) => ({
    texts: texts.map((text) => own.get(key(text))!),
    positive
  })
  return probes.map(({ probe, train, test }) => ({ probe, train: swap(train), test: swap(test) }))
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** @param contexts of one model, one set of classes and one set of parameters */
export const tppStage = Effect.fn("tppStage")(function* (contexts: ReadonlyArray<Context>) {
  const [{ inputs, params }] = contexts as readonly [Context]
  if (inputs.classes.length < 2) return yield* stageFailed("there is one class of texts", "Give two and more.")
  const names = inputs.classes.map(nameOf)
  const opened = yield* openTexts(
    contexts,
    inputs.classes.map(({ value: tokens }, n) => ({ name: names[n]!, tokens }))
  )
  const probesAt = new Map<
    string,
    { readonly own: ReadonlyArray<ProbedClass>; readonly dealt: ReadonlyArray<ProbedClass> }
  >()
  return yield* Effect.forEach(opened, (texts: OpenedTexts, member) =>
    Effect.gen(function* () {
      const { output, log } = contexts[member]!
      const { hook, d_sae, classes, documents } = texts
      const probes = probesAt.get(hook) ?? {
        own: probesOf(classes, params),
        dealt: probesOf(dealtAnew(classes, Rng.make(params.seed, "classes dealt anew")), params)
      }
      probesAt.set(hook, probes)
      yield* breathe
      const probed = perturbedProbes(withTexts(probes.own, classes), texts, documents)
      const dealt = perturbedProbes(withTexts(probes.dealt, classes), texts, documents)
      const accuracy = probed.clean.reduce((sum, each) => sum + each, 0) / probed.clean.length
      if (accuracy < params.least_accuracy) {
        return yield* stageFailed(
          `probes at ${hook} tell ${names.join(", ")} with an accuracy of ${percent(accuracy)} on average, ${percent(params.least_accuracy)} are asked for: there is nothing to perturb`,
          "Give more texts, other classes or another hook; or lower least_accuracy."
        )
      }
      const whole = new Int32Array(documents).fill(1)
      const fires = firingLatents(classes)
      const rng = Rng.make(params.seed, "latents at random")
      const numbers = ablatedNumbers.filter((n) => n <= d_sae)
      const of = (from: typeof probed, n: number) => from.ablate(from.ranked.map((latents) => latents.slice(0, n)))
      const measured = numbers.map((n) => {
        const random = Array.from({ length: draws }, () =>
          probed.ablate(classes.map(() => Array.from(rng.permutation(fires.length).subarray(0, n), (i) => fires[i]!)))
        )
        return {
          n,
          own: of(probed, n),
          dealt: of(dealt, n),
          random: (times: ArrayLike<number>) => random.reduce((sum, each) => sum + each(times).total, 0) / draws
        }
      })
      yield* breathe
      const statistics = (times: ArrayLike<number>): Record<string, number> =>
        Object.fromEntries(
          measured.flatMap(({ n, own, dealt: anew }) => {
            const { total, intended, unintended }: Perturbation = own(times)
            return [
              [`tpp_threshold_${n}_total_metric`, total],
              [`tpp_threshold_${n}_intended_diff_only`, intended],
              [`tpp_threshold_${n}_unintended_diff_only`, unintended],
              [`tpp_threshold_${n}_shuffled`, anew(times).total]
            ] as const
          })
        )
      const tested = classes.map(({ test }) => new Set(test.map(({ document }) => document)))
      const order = tested.flatMap((of) => [...of])
      const intervals = bootstrapIntervals(
        tested.map(({ size }) => size),
        (times) => {
          const drawn = new Int32Array(documents)
          for (const [n, document] of order.entries()) drawn[document] = times[n]!
          return statistics(drawn)
        },
        Rng.make(params.seed, "intervals of perturbed probes")
      )
      const values = {
        ...statistics(whole),
        ...Object.fromEntries(measured.map(({ n, random }) => [`tpp_threshold_${n}_random`, random(whole)]))
      }
      const metrics: Record<string, number | Estimate | Unmeasured> = Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, estimated(value, intervals[name])])
      )
      for (const n of ablatedNumbers) {
        if (n > d_sae)
          metrics[`tpp_threshold_${n}_total_metric`] = { unmeasured: `the dictionary has ${d_sae} latents` }
      }
      const point = (x: number, name: string) => ({ x, y: values[name]!, ...intervals[name] })
      const line = (label: string, ending: string) => ({
        name: label,
        line: true,
        points: numbers.map((n) => point(n, `tpp_threshold_${n}_${ending}`))
      })
      const file: FiguresFile = {
        format: 1,
        title: `Targeted probe perturbation at ${hook}`,
        note: `Probes of ${names.join(", ")} with latents of one class ablated: the fall of that class's accuracy less that of the others', mean over classes. Probes see ${percent(1 - params.held_out_fraction)} of the documents, accuracy is of the others.`,
        charts: [
          {
            title: "Accuracy lost by the number of latents ablated",
            x: { label: "latents", log: true },
            y: { label: "accuracy", log: false },
            series: [
              line("own class less others", "total_metric"),
              line("own class", "intended_diff_only"),
              line("other classes", "unintended_diff_only"),
              line("documents dealt out anew", "shuffled"),
              line("latents at random", "random")
            ]
          }
        ],
        tables: [
          {
            title: "Classes",
            columns: ["class", "training texts", "test texts", "accuracy of its probe", "latents that speak for it"],
            rows: classes.map(({ name, train, test }, c) => [
              name,
              train.length,
              test.length,
              probed.clean[c]!,
              probed.ranked[c]!.length
            ])
          }
        ]
      }
      yield* output.writeJson(figuresFileName, file)
      yield* output.writeJson("tpp.json", {
        classes: names,
        clean: probed.clean,
        latents: probed.ranked.map((latents) => latents.slice(0, 500))
      })
      log(`probes of ${names.length} classes tell ${percent(accuracy)} of the texts`)
      return { ...metrics, probe_accuracy: accuracy }
    })
  )
}, Effect.scoped)
