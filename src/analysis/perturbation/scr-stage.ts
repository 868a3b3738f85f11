/** The stage evaluate-scr. */
import * as Effect from "effect/Effect"
import { figuresFileName } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { TokensHandle } from "../../kinds/tokens/tokens-handle.ts"
import * as Rng from "../../random/rng.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { percentText } from "../../words/percent-text.ts"
import { type ClassText, type ClassTexts, labelled } from "./class-texts.ts"
import { openTexts, type OpenedTexts, probeOf } from "./open-texts.ts"
import type { PerturbationParams } from "./perturbation-params.ts"
import { scrCurves } from "./scr-curves.ts"
import { scrDirection, type ScrDirection } from "./scr-figures.ts"
import { measureScr } from "./scr-measurement.ts"
import type { ProbedClass } from "./tpp-figures.ts"

/** Texts by whether they have the first attribute and the second. */
const kinds = ["both", "first_only", "second_only", "neither"] as const

type ScrInputs = Readonly<Record<(typeof kinds)[number], Opened<TokensHandle>>> & {
  readonly sae: Opened<SaeHandle>
  readonly model: Opened<LanguageModelHandle>
}
type Context = StageContext<PerturbationParams, unknown, ScrInputs>

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

const evaluateMember = Effect.fnUntraced(function* (texts: OpenedTexts, { params, output, log }: Context) {
  const { hook, d_sae, W_dec, classes, documents } = texts
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
      `probes at ${hook} tell the two attributes with accuracies of ${directions.map(({ clean }) => percentText(clean)).join(" and ")}, ${percentText(params.least_accuracy)} on average are asked for: there is nothing to remove`,
      "Give more texts, other attributes or another hook; or lower least_accuracy."
    )
  }
  const { metrics, chosen } = measureScr(directions, texts, params.seed)
  yield* output.writeJson(figuresFileName, scrCurves(hook, directions, metrics))
  log(`${4 * train.each} training texts and ${4 * test.each} test texts of each probe`)
  return { ...metrics, probe_accuracy: accuracy, biased_accuracy: chosen.original }
})

/** @param contexts of one model, one set of texts and one set of parameters */
export const scrStage = Effect.fn("scrStage")(function* (contexts: ReadonlyArray<Context>) {
  const [{ inputs }] = contexts as readonly [Context]
  const opened = yield* openTexts(
    contexts,
    kinds.map((name) => ({ name, tokens: inputs[name].value }))
  )
  return yield* Effect.forEach(opened, (texts, member) => evaluateMember(texts, contexts[member]!))
}, Effect.scoped)
