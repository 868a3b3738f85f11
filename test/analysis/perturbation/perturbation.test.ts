import * as fs from "node:fs"
import * as path from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import {
  type ClassText,
  dealtAnew,
  labelled,
  type LabelledTexts,
  probeRows
} from "../../../src/analysis/perturbation/class-texts.ts"
import { alongDecoder } from "../../../src/analysis/perturbation/latent-effects.ts"
import { saebenchProbe, trainProbe } from "../../../src/analysis/perturbation/linear-probe.ts"
import { poolCodes, poolRows } from "../../../src/analysis/perturbation/pooled-texts.ts"
import { scrDirection } from "../../../src/analysis/perturbation/scr-figures.ts"
import { effectsOn, perturbedProbes, type ProbedClass } from "../../../src/analysis/perturbation/tpp-figures.ts"
import { Figures } from "../../../src/kinds/figures.ts"
import { Tokens } from "../../../src/kinds/tokens/tokens.ts"
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import * as Rng from "../../../src/random/rng.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import evaluateScr from "../../../stages/evaluate-scr.ts"
import evaluateTpp from "../../../stages/evaluate-tpp.ts"
import { folderArtifact, temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { d_model, randomGpt2, writeTokens } from "../../sae/random-gpt2.ts"
import { opened, runStage } from "../../stage/run-stage.ts"
import { randomSae } from "../random-sae.ts"
import { saeArtifact } from "../sae-artifact.ts"

beforeAll(loadTestEngine)

interface Probed {
  readonly weights: ReadonlyArray<number>
  readonly bias: number
  readonly effects: ReadonlyArray<number>
}
interface Golden {
  readonly width: number
  readonly latents: number
  readonly tokens: number
  readonly counts: { readonly train: number; readonly test: number }
  readonly tpp: Readonly<Record<"clean" | "figures", Record<string, number>>> & {
    readonly probes: Record<string, Probed>
  }
  readonly scr: Readonly<Record<"clean" | "figures", Record<string, number>>> & {
    readonly probes: Record<string, Probed>
  }
}

describe("SCR and TPP beside SAEBench's own code (make-golden.py)", () => {
  const golden = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, "saebench.json"), "utf8")) as Golden
  const { width, latents, tokens, counts } = golden
  const noise = (...places: ReadonlyArray<number>): number => {
    let h = 17
    for (const place of places) {
      h = (h * 31 + place + 1) >>> 0
      h = Math.imul(h ^ (h >>> 15), 2_654_435_761) >>> 0
    }
    return ((h ^ (h >>> 13)) >>> 0) / 2 ** 32 - 0.5
  }
  const numbers = (of: number, rows: number, columns: number) =>
    Float32Array.from({ length: rows * columns }, (_, n) => noise(of, Math.floor(n / columns), n % columns))
  const alone = (of: number, length: number) => Float32Array.from({ length }, (_, n) => noise(of, n))
  const weights: SaeWeights = {
    d_in: width,
    d_sae: latents,
    activation: { type: "relu" },
    apply_b_dec_to_input: false,
    W_enc: numbers(1, width, latents),
    W_dec: numbers(2, latents, width),
    b_enc: alone(3, latents),
    b_dec: alone(4, width),
    threshold: undefined
  }
  /** As the golden's `texts`; every text is a document of its own. */
  const texts = (part: "train" | "test", kind: number, mean: ReadonlyArray<number>): ReadonlyArray<ClassText> => {
    const rows = Float32Array.from({ length: counts[part] * tokens * width }, (_, at) => {
      const [n, t, i] = [Math.floor(at / tokens / width), Math.floor(at / width) % tokens, at % width]
      return 3 * noise(5, part === "test" ? 1 : 0, kind, n, t, i) + mean[i]!
    })
    const lengths = Array.from({ length: counts[part] }, () => tokens)
    const codes = { d_sae: latents, offsets: [0], latents: Array<number>(), values: Array<number>() }
    const sae = makeSaeModel(weights)
    poolCodes(codes, rows, sae, lengths)
    sae.dispose()
    const means = poolRows(rows, width, lengths)
    return lengths.map((_, text) => ({
      codes,
      text,
      x: means.subarray(text * width, (text + 1) * width),
      document: (part === "test" ? 1000 : 0) + 100 * (kind % 10) + text
    }))
  }
  const permuted = (n: number): ReadonlyArray<number> => Array.from({ length: n }, (_, i) => (i * 37) % n)
  const taken = <T>(items: ReadonlyArray<T>): ReadonlyArray<T> => permuted(items.length).map((place) => items[place]!)
  const probed = (train: LabelledTexts, test: LabelledTexts): ProbedClass => {
    const ordered = ({ texts: all, positive }: LabelledTexts) => ({ texts: taken(all), positive: taken(positive) })
    const [fit, asked] = [ordered(train), ordered(test)]
    const probe = trainProbe(probeRows(fit), { ...saebenchProbe, order: permuted, keepBest: probeRows(asked) })
    return { probe, train: fit, test: asked }
  }
  const agrees = ({ probe, train }: ProbedClass, wanted: Probed, absolute: boolean): void => {
    const along = alongDecoder(probe, weights.W_dec)
    const effects = effectsOn({ train }, along, weights, absolute)
    for (let i = 0; i < width; i++) expect(probe.weights[i]).toBeCloseTo(wanted.weights[i]!, 5)
    expect(probe.bias).toBeCloseTo(wanted.bias, 5)
    for (const [latent, effect] of effects.entries()) expect(effect).toBeCloseTo(wanted.effects[latent]!, 5)
  }
  const whole = new Float64Array(2000).fill(1)

  it("probes, effects and TPP figures are the same", () => {
    const means = [0, 1, 2].map((c) => Array.from({ length: width }, (_, i) => (i === c ? 1 : -0.2)))
    const of = (part: "train" | "test") => {
      const all = means.map((mean, c) => texts(part, c, mean))
      return all.map((own, c) => {
        const others = all.filter((_, other) => other !== c)
        const each = Math.ceil(own.length / others.length)
        return labelled(own, taken(others.flatMap((other) => taken(other).slice(0, each))).slice(0, own.length))
      })
    }
    const [train, test] = [of("train"), of("test")]
    const classes = train.map((fit, c) => probed(fit, test[c]!))
    for (const [c, each] of classes.entries()) agrees(each, golden.tpp.probes[`class ${c}`]!, false)
    const perturbed = perturbedProbes(classes, weights, 2000)
    for (const c of [0, 1, 2]) expect(perturbed.clean[c]).toBeCloseTo(golden.tpp.clean[`class ${c}`]!, 6)
    for (const n of [2, 5, 8]) {
      const { total, intended, unintended } = perturbed.ablate(perturbed.ranked.map((all) => all.slice(0, n)))(whole)
      expect(total).toBeCloseTo(golden.tpp.figures[`tpp_threshold_${n}_total_metric`]!, 6)
      expect(intended).toBeCloseTo(golden.tpp.figures[`tpp_threshold_${n}_intended_diff_only`]!, 6)
      expect(unintended).toBeCloseTo(golden.tpp.figures[`tpp_threshold_${n}_unintended_diff_only`]!, 6)
    }
  })

  it("SCR figures are the same in both directions", () => {
    const sets = (part: "train" | "test") => {
      const [both, first, second, neither] = [0, 1, 2, 3].map((q) =>
        texts(part, 10 + q, [q < 2 ? 0.8 : 0, 0, q % 2 === 0 ? 1.6 : 0, 0.2, -0.3, 0])
      ) as [ReadonlyArray<ClassText>, ReadonlyArray<ClassText>, ReadonlyArray<ClassText>, ReadonlyArray<ClassText>]
      const some = (all: ReadonlyArray<ClassText>) => all.slice(0, counts[part] / 2)
      return {
        first: labelled([...some(both), ...some(first)], taken([...some(second), ...some(neither)])),
        second: labelled([...some(both), ...some(second)], taken([...some(first), ...some(neither)])),
        biased: labelled(both, taken(neither))
      }
    }
    const [train, test] = [sets("train"), sets("test")]
    const [first, second, biased] = (["first", "second", "biased"] as const).map((name) =>
      probed(train[name], test[name])
    ) as [ProbedClass, ProbedClass, ProbedClass]
    agrees(first, golden.scr.probes["professor / nurse"]!, true)
    agrees(second, golden.scr.probes["male / female"]!, true)
    agrees(biased, golden.scr.probes["male_professor / female_nurse"]!, true)
    const directions = [
      scrDirection(first, second, biased, weights, 2000),
      scrDirection(second, first, biased, weights, 2000)
    ]
    for (const [d, { clean, original, ranked, ablate }] of directions.entries()) {
      const data = d === 0 ? "professor / nurse" : "male / female"
      expect(clean).toBeCloseTo(golden.scr.clean[data]!, 6)
      expect(original).toBeCloseTo(golden.scr.clean[`male_professor / female_nurse probe on ${data} data`]!, 6)
      for (const n of [2, 5, 8]) {
        // SAEBench says 0 where there is nothing to remove.
        const score = clean - original < 0.001 ? 0 : ablate(ranked.slice(0, n))(whole)
        expect(score).toBeCloseTo(golden.scr.figures[`scr_dir${d + 1}_threshold_${n}`]!, 4)
      }
    }
  })
})

describe("documents dealt out anew", () => {
  it("are as many in each class as before, and none is both fitted to and tested on", () => {
    const text = (document: number): ClassText => ({
      document,
      text: 0,
      x: new Float64Array(1),
      codes: { d_sae: 1, offsets: [0, 0], latents: [], values: [] }
    })
    const classes = [0, 1, 2].map((c) => ({
      name: `${c}`,
      train: [0, 1, 1, 2].map((n) => text(10 * c + n)),
      test: [5, 6].map((n) => text(10 * c + n))
    }))
    const dealt = dealtAnew(classes, Rng.make(0, "deal"))
    const documents = (part: "train" | "test", of: typeof classes) =>
      of.map((each) => new Set(each[part].map(({ document }) => document)))
    for (const part of ["train", "test"] as const) {
      expect(documents(part, dealt as typeof classes).map(({ size }) => size)).toEqual(
        documents(part, classes).map(({ size }) => size)
      )
      const all = dealt.flatMap((each) => each[part].map(({ document }) => document)).toSorted((a, b) => a - b)
      expect(all).toEqual(classes.flatMap((each) => each[part].map(({ document }) => document)))
    }
  })
})

describe("the stages evaluate-tpp and evaluate-scr", () => {
  /** 150 documents of one context, of words `from` to `from` + 9. */
  const textOf = (from: number, seed: number) =>
    Effect.gen(function* () {
      const [documents, time] = [150, 6]
      const rng = Rng.make(seed, "words")
      const ids = Int32Array.from({ length: documents * time }, (_, at) => (at % time === 0 ? 0 : from + rng.int(10)))
      const of = Int32Array.from(ids, (_, at) => (at % time === 0 ? -1 : Math.floor(at / time)))
      return yield* opened(Tokens, folderArtifact(yield* writeTokens(ids, of, time), "Tokens"))
    })
  const setting = Effect.gen(function* () {
    const sae = yield* saeArtifact(randomSae(1, d_model, 64), { model: null })
    return { sae, model: yield* randomGpt2 }
  })

  it.effect("TPP tells words of their own from others; dealt out anew nothing is lost; equal texts are refused", () =>
    Effect.gen(function* () {
      const { sae, model } = yield* setting
      const [a, b, c] = [yield* textOf(1, 0), yield* textOf(15, 1), yield* textOf(30, 2)]
      const run = (classes: ReadonlyArray<typeof a>) =>
        Effect.flatMap(temporaryDirectory, (directory) =>
          runStage(evaluateTpp, { sae, model, classes }, { held_out_fraction: 0.3 }, directory)
        )
      const { metrics, unmeasured, artifact } = yield* run([a, b, c])
      expect(metrics["probe_accuracy"]).toBeGreaterThan(0.65)
      expect(metrics["tpp_threshold_20_intended_diff_only_low"]).toBeGreaterThan(0.1)
      expect(metrics["tpp_threshold_20_total_metric_low"]).toBeGreaterThan(0)
      expect(metrics["tpp_threshold_20_shuffled_low"]).toBeLessThan(0)
      expect(metrics["tpp_threshold_20_shuffled_high"]).toBeGreaterThan(0)
      expect(Math.abs(metrics["tpp_threshold_20_random"]!)).toBeLessThan(0.03)
      expect(unmeasured["tpp_threshold_500_total_metric"]).toBe("the dictionary has 64 latents")
      expect((yield* opened(Figures, artifact)).value.charts[0]?.series).toHaveLength(5)
      const refused = String(yield* Effect.flip(run([yield* textOf(1, 4), yield* textOf(1, 5)])))
      expect(refused).toContain("there is nothing to perturb")
      expect(String(yield* Effect.flip(run([a])))).toContain("there is one class of texts")
    })
  )

  it.effect("SCR measures both directions, and says where there is nothing to remove", () =>
    Effect.gen(function* () {
      const { sae, model } = yield* setting
      const inputs = {
        sae,
        model,
        both: yield* textOf(1, 0),
        first_only: yield* textOf(8, 1),
        second_only: yield* textOf(20, 2),
        neither: yield* textOf(30, 3)
      }
      const { metrics, unmeasured } = yield* runStage(
        evaluateScr,
        inputs,
        { held_out_fraction: 0.3 },
        yield* temporaryDirectory
      )
      const told = { ...metrics, ...unmeasured }
      for (const name of ["scr_metric_threshold_20", "scr_dir1_threshold_20", "scr_dir2_threshold_20"]) {
        expect(told, name).toHaveProperty(name)
      }
    })
  )
})
