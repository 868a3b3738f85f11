import { expect, it } from "vitest"
import type { Json } from "../../src/json/canonical-json.ts"
import { methodsText } from "../../src/report/page/methods-text.ts"

const textOf = (
  instances: ReadonlyArray<{
    readonly at: Readonly<Record<string, Json>>
    readonly params: Readonly<Record<string, Json>>
  }>
): string =>
  methodsText({
    stages: [
      {
        stage: "sae",
        kind: "train-sae",
        summary: "Trains an SAE",
        instances: instances.map((instance) => ({ ...instance, sources: {}, inputs: {} }))
      }
    ],
    versions: []
  })

it("a whole grid is told axis by axis, and a setting by the axis that decides it", () => {
  const grid = [128, 512].flatMap((width) =>
    [0, 1, 2].map((seed) => ({
      at: { width, seed },
      params: { d_sae: width, seed, lr: width === 128 ? 0.01 : 0.002, k: null, steps: 400 }
    }))
  )
  expect(textOf(grid)).toContain(
    "sae (train-sae, 6 times: width 128, 512; seed 0, 1, 2). Trains an SAE. " +
      "Settings: d_sae = width; lr = 0.01 (width 128), 0.002 (width 512); steps = 400."
  )
})

it("what is no whole grid is told place by place, and so is a setting that no axis decides alone", () => {
  const places = [
    { at: { width: 128, k: 8 }, params: { lr: 1 } },
    { at: { width: 512, k: 8 }, params: { lr: 2 } },
    { at: { width: 512, k: 16 }, params: { lr: 1 } }
  ]
  expect(textOf(places)).toContain(
    "3 times: width 128, k 8; width 512, k 8; width 512, k 16). Trains an SAE. " +
      "Settings: lr = 1 (width 128, k 8; width 512, k 16), 2 (width 512, k 8)."
  )
})
