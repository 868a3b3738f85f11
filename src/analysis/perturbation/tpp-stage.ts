/** The stage evaluate-tpp. */
import * as Effect from "effect/Effect"
import { figuresFileName } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { TokensHandle } from "../../kinds/tokens/tokens-handle.ts"
import * as Rng from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Opened } from "../../stage/input.ts"
import { type Estimate, estimated, type Unmeasured } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { percentText } from "../../words/percent-text.ts"
import { type ClassTexts, dealtAnew, oneAgainstOthers } from "./class-texts.ts"
import { openTexts, type OpenedTexts, probeOf } from "./open-texts.ts"
import { ablatedNumbers, type PerturbationParams } from "./perturbation-params.ts"
import { tppCurves } from "./tpp-curves.ts"
import { perturbedProbes, type ProbedClass } from "./tpp-figures.ts"
import { measureTpp } from "./tpp-measurement.ts"

interface TppInputs {
  readonly sae: Opened<SaeHandle>
  readonly model: Opened<LanguageModelHandle>
  readonly classes: ReadonlyArray<Opened<TokensHandle>>
}
type Context = StageContext<PerturbationParams, unknown, TppInputs>

/** Latents of a class that `tpp.json` names, at most. */
const mostNamed = 500

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

interface HookProbes {
  readonly own: ReadonlyArray<ProbedClass>
  /** The control. */
  readonly dealt: ReadonlyArray<ProbedClass>
}

const trainProbes = (classes: ReadonlyArray<ClassTexts>, params: PerturbationParams): HookProbes => ({
  own: probesOf(classes, params),
  dealt: probesOf(dealtAnew(classes, Rng.make(params.seed, "classes dealt anew")), params)
})

const evaluateMember = Effect.fnUntraced(function* (
  texts: OpenedTexts,
  probes: HookProbes,
  { params, output, log }: Context
) {
  const { hook, d_sae, classes, documents } = texts
  yield* breathe
  const probed = perturbedProbes(withTexts(probes.own, classes), texts, documents)
  const dealt = perturbedProbes(withTexts(probes.dealt, classes), texts, documents)
  const names = classes.map(({ name }) => name)
  const accuracy = probed.clean.reduce((sum, each) => sum + each, 0) / probed.clean.length
  if (accuracy < params.least_accuracy) {
    return yield* stageFailed(
      `probes at ${hook} tell ${names.join(", ")} with an accuracy of ${percentText(accuracy)} on average, ${percentText(params.least_accuracy)} are asked for: there is nothing to perturb`,
      "Give more texts, other classes or another hook; or lower least_accuracy."
    )
  }
  const measurement = yield* measureTpp(probed, dealt, texts, params.seed)
  const metrics: Record<string, number | Estimate | Unmeasured> = Object.fromEntries(
    Object.entries(measurement.values).map(([name, value]) => [name, estimated(value, measurement.intervals[name])])
  )
  for (const n of ablatedNumbers.filter((n) => n > d_sae)) {
    metrics[`tpp_threshold_${n}_total_metric`] = { unmeasured: `the dictionary has ${d_sae} latents` }
  }
  yield* output.writeJson(figuresFileName, tppCurves(texts, probed, measurement, params.held_out_fraction))
  yield* output.writeJson("tpp.json", {
    classes: names,
    clean: probed.clean,
    latents: probed.ranked.map((latents) => latents.slice(0, mostNamed))
  })
  log(`probes of ${names.length} classes tell ${percentText(accuracy)} of the texts`)
  return { ...metrics, probe_accuracy: accuracy }
})

/** @param contexts of one model, one set of classes and one set of parameters */
export const tppStage = Effect.fn("tppStage")(function* (contexts: ReadonlyArray<Context>) {
  const [{ inputs, params }] = contexts as readonly [Context]
  if (inputs.classes.length < 2) return yield* stageFailed("there is one class of texts", "Give two and more.")
  const opened = yield* openTexts(
    contexts,
    inputs.classes.map((each, n) => ({ name: nameOf(each, n), tokens: each.value }))
  )
  // Probes read the activations of a hook: dictionaries of one hook share them.
  const probesAt = new Map<string, HookProbes>()
  return yield* Effect.forEach(opened, (texts, member) => {
    const probes = probesAt.get(texts.hook) ?? trainProbes(texts.classes, params)
    probesAt.set(texts.hook, probes)
    return evaluateMember(texts, probes, contexts[member]!)
  })
}, Effect.scoped)
