import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { expect } from "vitest"
import { clusterEntropy, entropy } from "../../../src/analysis/clusters/cluster-entropy.ts"
import makeClusters from "../../../stages/make-clusters.ts"
import makeDictionary from "../../../stages/make-dictionary.ts"
import evaluateClusters from "../../../stages/evaluate-clusters.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { runStage } from "../../stage/run-stage.ts"

it("entropies are those of a table worked by hand", () => {
  // Latent 0 fires on clusters 0, 0, 0, 1; latent 1 on 1, 1: H(3/4, 1/4) = 0.8113 for 4 of 6 pairs, 0 for the rest.
  const cluster = [0, 0, 0, 1, 1, 1]
  const firings = [0, 0, 0, 0, 1, 1].map((latent, point) => ({ point, latent }))
  const { conditional, marginal, information } = clusterEntropy(firings, cluster, 2)
  expect(conditional).toBeCloseTo((4 / 6) * 0.8112781, 6)
  expect(marginal).toBe(1)
  expect(information).toBeCloseTo(1 - (4 / 6) * 0.8112781, 6)
  expect(clusterEntropy([], cluster, 2).conditional).toBeNaN()
})

it("a latent for each cluster leaves nothing open, one latent for all leaves everything, and points that count twice do", () => {
  const table = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 2, maxLength: 40 })
  fc.assert(
    fc.property(table, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (cluster, drawn) => {
      const times = cluster.map(() => drawn.next().value as number)
      const firings = (latentOf: (point: number) => number) =>
        cluster.map((_, point) => ({ point, latent: latentOf(point) }))
      expect(
        clusterEntropy(
          firings((point) => cluster[point] as number),
          cluster,
          4
        ).conditional
      ).toBe(0)
      const one = clusterEntropy(
        firings(() => 7),
        cluster,
        4
      )
      expect(one.conditional).toBeCloseTo(one.marginal, 9)
      const twice = cluster.flatMap((of, point) => Array.from({ length: times[point] as number }, () => of))
      const weighed = clusterEntropy(
        firings(() => 7),
        cluster,
        4,
        times
      )
      if (twice.length > 0)
        expect(weighed.marginal).toBeCloseTo(entropy([0, 1, 2, 3].map((of) => twice.filter((x) => x === of).length)), 9)
    })
  )
})

it.effect(
  "points on their centres are told apart by random directions better than by chance, shuffled clusters are not",
  () =>
    Effect.scoped(
      Effect.gen(function* () {
        const [rows, dictionary, out] = [
          yield* temporaryDirectory,
          yield* temporaryDirectory,
          yield* temporaryDirectory
        ]
        const points = yield* runStage(makeClusters, {}, { set: "grid", points: 720, anchors: 20, deviation: 0 }, rows)
        expect(points.metrics["clusters"]).toBe(18)
        const activations = { artifact: points.artifact, at: {} }
        const random = yield* runStage(makeDictionary, { activations }, { kind: "random", size: 8, k: 1 }, dictionary)
        const sae = { artifact: random.artifact, at: {} }
        const { metrics, artifact } = yield* runStage(evaluateClusters, { sae, activations }, {}, out)
        expect(metrics["marginal_entropy"]).toBeGreaterThan(2)
        expect(metrics["information"]).toBeGreaterThan(0.3)
        // 18 clusters x 8 latents of 720 points: (17 * 7) / (2 ln 2 * 720) = 0.12 bits of 4.17 by chance.
        expect(metrics["shuffled_information"]).toBeLessThan(0.06)
        expect((yield* artifact.readText("points.svg")).split("<circle")).toHaveLength(721)
      })
    )
)
