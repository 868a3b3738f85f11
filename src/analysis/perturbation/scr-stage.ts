/** The stage evaluate-scr. */
import * as Effect from "effect/Effect"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { TokensHandle } from "../../kinds/tokens/tokens.ts"
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import type { Opened } from "../../stage/input.ts"
import { type Estimate, estimated, type Unmeasured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { type ClassText, type ClassTexts, labelled } from "./class-texts.ts"
import { firingLatents, openTexts, probeOf } from "./open-texts.ts"
import { ablatedNumbers, type PerturbationParams } from "./perturbation-params.ts"
import { scrDirection, type ScrDirection } from "./scr-figures.ts"
import type { ProbedClass } from "./tpp-figures.ts"

/** Texts by whether they have the first attribute and the second. */
const kinds = ["both", "first_only", "second_only", "neither"] as const

type ScrInputs = Readonly<Record<(typeof kinds)[number], Opened<TokensHandle>>> & {
  readonly sae: Opened<SaeHandle>
  readonly model: Opened<LanguageModelHandle>
}
type Context = StageContext<PerturbationParams, unknown, ScrInputs>

/** Draws of the control's latents; an interval over documents says nothing of them. */
const draws = 20

/** Below this gap of accuracies SAEBench says 0; here it is said that there is nothing to remove. */
const leastGap = 0.001

/** Texts of the first attribute, of the second, and of both at once: as many of each kind, and as many in all. */
const attributes = (parts: ReadonlyArray<ReadonlyArray<ClassText>>) => {
  const [both, first, second, neither] = parts as [
    ReadonlyArray<ClassText>,
    ReadonlyArray<ClassText>,
    ReadonlyArray<ClassText>,
    ReadonlyArray<ClassText>
  ]
  const each = Math.min(first.length, second.length, Math.floor(both.length / 2), Math.floor(neither.length / 2))
  const some = (texts: ReadonlyArray<ClassText>) => texts.slice(0, each)
  return {
    each,
    first: labelled([...some(both), ...some(first)], [...some(second), ...some(neither)]),
    second: labelled([...some(both), ...some(second)], [...some(first), ...some(neither)]),
    biased: labelled(both.slice(0, 2 * each), neither.slice(0, 2 * each))
  }
}

/** Texts of each kind in a random order, of one part. */
const inOrder = (classes: ReadonlyArray<ClassTexts>, part: "train" | "test", seed: number) =>
  attributes(
    classes.map((each) =>
      Array.from(
        Rng.make(seed, `order of ${part} texts of ${each.name}`).permutation(each[part].length),
        (place) => each[part][place]!
      )
    )
  )

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** @param contexts of one model, one set of texts and one set of parameters */
export const scrStage = Effect.fn("scrStage")(function* (contexts: ReadonlyArray<Context>) {
  const [{ inputs, params }] = contexts as readonly [Context]
  const opened = yield* openTexts(
    contexts,
    kinds.map((name) => ({ name, tokens: inputs[name].value }))
  )
  return yield* Effect.forEach(opened, ({ hook, d_sae, W_dec, classes, documents }, member) =>
    Effect.gen(function* () {
      const { output, log } = contexts[member]!
      const [train, test] = [inOrder(classes, "train", params.seed), inOrder(classes, "test", params.seed)]
      if (train.each < 1 || test.each < 1) {
        return yield* stageFailed(
          `of one kind of texts there are too few: ${classes.map((each) => `${each.name} ${each.train.length} + ${each.test.length}`).join(", ")}`,
          "Give more texts of it; of both and neither twice as many as of the others."
        )
      }
      const probeFor = (name: "first" | "second" | "biased"): ProbedClass =>
        probeOf({ train: train[name], test: test[name] }, params, name)
      const [first, second, biased] = [probeFor("first"), probeFor("second"), probeFor("biased")]
      const dictionary = { d_sae, W_dec }
      // As SAEBench counts them: 1 puts the first attribute right by ablating the second.
      const directions: readonly [ScrDirection, ScrDirection] = [
        scrDirection(first, second, biased, dictionary, documents),
        scrDirection(second, first, biased, dictionary, documents)
      ]
      const accuracy = (directions[0].clean + directions[1].clean) / 2
      if (accuracy < params.least_accuracy) {
        return yield* stageFailed(
          `probes at ${hook} tell the two attributes with accuracies of ${directions.map(({ clean }) => percent(clean)).join(" and ")}, ${percent(params.least_accuracy)} on average are asked for: there is nothing to remove`,
          "Give more texts, other attributes or another hook; or lower least_accuracy."
        )
      }
      // The metric is of the direction in which the biased probe is worse: there is more to put right.
      const chosen = directions[0].original < directions[1].original ? 0 : 1
      const gap = ({ clean, original }: ScrDirection): number => clean - original
      const numbers = ablatedNumbers.filter((n) => n <= d_sae)
      const fires = firingLatents(classes)
      const rng = Rng.make(params.seed, "latents at random")
      const measured = numbers.map((n) => ({
        n,
        own: directions.map((direction) => direction.ablate(direction.ranked.slice(0, n))),
        random: Array.from({ length: draws }, () =>
          directions[chosen].ablate(Array.from(rng.permutation(fires.length).subarray(0, n), (place) => fires[place]!))
        )
      }))
      const statistics = (times: ArrayLike<number>): Record<string, number> =>
        Object.fromEntries(
          measured.flatMap(({ n, own }) => [
            [`scr_metric_threshold_${n}`, own[chosen]!(times)],
            [`scr_dir1_threshold_${n}`, own[0]!(times)],
            [`scr_dir2_threshold_${n}`, own[1]!(times)]
          ])
        )
      const tested = classes.map(({ test: texts }) => [...new Set(texts.map(({ document }) => document))])
      const order = tested.flat()
      const intervals = bootstrapIntervals(
        tested.map(({ length }) => length),
        (times) => {
          const drawn = new Int32Array(documents)
          for (const [n, document] of order.entries()) drawn[document] = times[n]!
          return statistics(drawn)
        },
        Rng.make(params.seed, "intervals of removed correlations")
      )
      const whole = new Int32Array(documents).fill(1)
      const values = {
        ...statistics(whole),
        ...Object.fromEntries(
          measured.map(({ n, random }) => [
            `scr_random_threshold_${n}`,
            random.reduce((sum, each) => sum + each(whole), 0) / draws
          ])
        )
      }
      const told = (name: string): number | Estimate | Unmeasured => {
        const direction = name.startsWith("scr_dir1") ? 0 : name.startsWith("scr_dir2") ? 1 : chosen
        return gap(directions[direction]) < leastGap
          ? { unmeasured: "the biased probe tells the attribute as well as its own probe: there is nothing to remove" }
          : estimated(values[name]!, intervals[name])
      }
      const metrics = Object.fromEntries(Object.keys(values).map((name) => [name, told(name)]))
      for (const n of ablatedNumbers) {
        if (n > d_sae) metrics[`scr_metric_threshold_${n}`] = { unmeasured: `the dictionary has ${d_sae} latents` }
      }
      const line = (label: string, name: string) => ({
        name: label,
        line: true,
        points: numbers.flatMap((n) => {
          const value = metrics[`${name}_threshold_${n}`]
          if (value === undefined) return []
          if (typeof value === "number") return [{ x: n, y: value }]
          return "unmeasured" in value ? [] : [{ x: n, y: value.value, low: value.low, high: value.high }]
        })
      })
      const file: FiguresFile = {
        format: 1,
        title: `Spurious correlation removal at ${hook}`,
        note: "A probe of texts that have both attributes or neither; latents of the one are ablated, and it is measured how far the probe then comes to one of the other alone: 1, as good; 0, as before.",
        charts: [
          {
            title: "Share of the lost accuracy that comes back",
            x: { label: "latents ablated", log: true },
            y: { label: "share", log: false },
            series: [
              line("first attribute, the second's latents ablated", "scr_dir1"),
              line("second attribute, the first's latents ablated", "scr_dir2"),
              line("latents at random", "scr_random")
            ]
          }
        ],
        tables: [
          {
            title: "Probes",
            columns: ["told attribute", "accuracy of its own probe", "of the biased one", "latents of the other"],
            rows: directions.map(({ clean, original, ranked }, n) => [
              n === 0 ? "first" : "second",
              clean,
              original,
              ranked.length
            ])
          }
        ]
      }
      yield* output.writeJson(figuresFileName, file)
      log(`${4 * train.each} training texts and ${4 * test.each} test texts of each probe`)
      return { ...metrics, probe_accuracy: accuracy, biased_accuracy: directions[chosen].original }
    })
  )
}, Effect.scoped)
