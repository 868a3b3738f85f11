/**
 * Do the 95 % intervals cover the truth? 1,000 synthetic repeats of each kind of metric that has one, from as many units as real
 * evaluations have, each beside its expectation over the population that the units are drawn from.
 *
 *   node bench/intervals/main.ts
 */
import { explainedBeyond } from "../../src/analysis/explained-variance.ts"
import { bootstrapIntervals, drawnSum, type Interval } from "../../src/numeric/bootstrap.ts"
import { clusteredInterval } from "../../src/numeric/clustered-interval.ts"
import { meanInterval } from "../../src/numeric/mean-interval.ts"
import { medianInterval } from "../../src/numeric/quantile-interval.ts"
import { drawnAuc } from "../../src/numeric/roc.ts"
import { seedInterval } from "../../src/numeric/seed-interval.ts"
import * as Rng from "../../src/random/rng.ts"
import { makeReconstructionSums } from "../../src/sae/evaluate/reconstruction-sums.ts"

const repeats = 1000
const d = 8

interface Case {
  readonly name: string
  readonly truth: number
  readonly interval: (rng: Rng.Rng, draws: Rng.Rng) => Interval | undefined
}

/** Documents of unequal lengths, whose rows have a level of error in common: what makes rows no units. */
const explainedVariance = (documents: number): Case => {
  const document = (rng: Rng.Rng) => {
    const rows = 20 + rng.int(180)
    const level = 0.05 + 0.3 * rng.float() ** 3
    const shift = rng.normal()
    const x = Float32Array.from({ length: rows * d }, () => 3 + shift + rng.normal())
    return { x, xHat: x.map((value) => value + Math.sqrt(level) * rng.normal()) }
  }
  // E level = 0.05 + 0.3 / 4; a row's numbers have variance 1 of their own and 1 with their document.
  const truth = 1 - (0.05 + 0.3 / 4) / 2
  return {
    name: `explained variance of ${documents} documents`,
    truth,
    interval: (rng, draws) => {
      const noise = makeReconstructionSums(d, { count: documents, of: ({ document: id }) => id })
      for (let id = 0; id < documents; id++) {
        const { x, xHat } = document(rng)
        noise.add(x, xHat, () => ({ document: id, position: 0, token: 0 }))
      }
      return noise.intervals(draws)["explained_variance"]
    }
  }
}

/** Fractions of words, most of them 0, in letters of unequal size whose rates differ: the letters stay. */
const absorption = (): Case => {
  const rates = Array.from({ length: 24 }, (_, letter) => 0.05 + 0.02 * letter)
  const sizes = rates.map((_, letter) => 10 + 2 * letter)
  return {
    name: "mean absorption of 24 letters",
    truth: rates.reduce((sum, rate) => sum + 0.5 * rate, 0) / rates.length,
    interval: (rng, draws) => {
      const words = rates.map((rate, letter) =>
        Array.from({ length: sizes[letter] ?? 0 }, () => (rng.float() < rate ? rng.float() : 0))
      )
      return bootstrapIntervals(
        sizes,
        (times) => {
          let first = 0
          const means = words.map((own) => {
            const mean = drawnSum(times.subarray(first), own) / own.length
            first += own.length
            return mean
          })
          return { mean: means.reduce((sum, mean) => sum + mean, 0) / means.length }
        },
        draws
      )["mean"]
    }
  }
}

/** P(score of a positive > score of a negative) of normals one deviation apart is 0.7602. */
const auc = (latents: number): Case => ({
  name: `AUC of ${latents} latents`,
  truth: 0.760_249_939,
  interval: (rng, draws) => {
    const all = Array.from({ length: latents }, () => {
      const positive = rng.float() < 0.6 ? 1 : 0
      return { positive, score: positive + rng.normal() }
    }).toSorted((a, b) => b.score - a.score)
    const [scores, positive] = [all.map(({ score }) => score), all.map((each) => each.positive)]
    return bootstrapIntervals([latents], (times) => ({ auc: drawnAuc(scores, positive, [...times]) }), draws)["auc"]
  }
})

const seeds = (count: number): Case => ({
  name: `mean of ${count} seeds`,
  truth: 0.3,
  interval: (rng) => seedInterval(Array.from({ length: count }, () => 0.3 + 0.02 * rng.normal()))
})

/** A share of words: of ones and zeros. */
const share = (words: number): Case => ({
  name: `share of ${words} words`,
  truth: 0.2,
  interval: (rng, draws) =>
    meanInterval(
      Array.from({ length: words }, () => (rng.float() < 0.2 ? 1 : 0)),
      draws
    )
})

/** The median of an exponential is log 2. */
const median = (latents: number): Case => ({
  name: `median of ${latents} latents`,
  truth: Math.LN2,
  interval: (rng, draws) =>
    medianInterval(
      Array.from({ length: latents }, () => -Math.log(1 - rng.float())),
      draws
    ).interval
})

/** F1 on rows of documents, of which some have many rows that fire: rows of one are alike. 2 E both / (E firing + E keeping). */
const f1 = (documents: number): Case => ({
  name: `F1 on rows of ${documents} documents`,
  truth: (2 * 0.2 * 0.8) / (0.2 * 0.8 + 0.8 * 0.1 + 0.2),
  interval: (rng, draws) => {
    const [of, both, fires, keeps]: [Array<number>, Array<number>, Array<number>, Array<number>] = [[], [], [], []]
    for (let document = 0; document < documents; document++) {
      const rate = 0.4 * rng.float()
      for (let row = 30 + rng.int(60); row > 0; row--) {
        const keep = rng.float() < rate ? 1 : 0
        const fire = rng.float() < (keep === 1 ? 0.8 : 0.1) ? 1 : 0
        of.push(document)
        both.push(keep * fire)
        fires.push(fire)
        keeps.push(keep)
      }
    }
    return clusteredInterval(of, [both, fires, keeps], (b, f, k) => (2 * b!) / (f! + k!), draws)
  }
})

/** Rows in noise of one, reconstructed with errors of 0.3 and of 0.6 in their squares: beyond the second, half is explained. */
const beyond = (latents: number): Case => {
  const reconstructed = (rng: Rng.Rng, error: number) => {
    const x = Float32Array.from({ length: latents * d }, () => rng.normal())
    return { x, reconstruction: x.map((value) => value + Math.sqrt(error) * rng.normal()) }
  }
  return {
    name: `explained beyond random rows, ${latents} latents`,
    truth: 0.5,
    interval: (rng) => explainedBeyond(reconstructed(rng, 0.3), reconstructed(rng, 0.6), d).interval
  }
}

const cases = [
  explainedVariance(12),
  explainedVariance(60),
  absorption(),
  auc(200),
  share(60),
  median(200),
  f1(40),
  beyond(200),
  seeds(3),
  seeds(5)
]
console.log(`${repeats} repeats; 90 to 97 % wanted`)
for (const { name, truth, interval } of cases) {
  let [covered, told, width] = [0, 0, 0]
  for (let repeat = 0; repeat < repeats; repeat++) {
    const found = interval(Rng.make(repeat, name), Rng.make(repeat, "draws"))
    if (found === undefined) continue
    told += 1
    width += (found.high - found.low) / 2
    if (found.low <= truth && truth <= found.high) covered += 1
  }
  console.log(`${name}: ${((100 * covered) / told).toFixed(1)} % of ${told}, half width ${(width / told).toFixed(4)}`)
}
