/** What holds of every architecture, as it stands in the folder. */
import { readdirSync } from "node:fs"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { architectureFile, architectures } from "../../../src/sae/architectures.ts"
import { sharedOptions } from "../../../src/sae/settings/shared-options.ts"
import type { Params } from "../../../src/stage/param.ts"
import { trainingParams } from "../../../src/sae/stages/training-params.ts"
import { architectureNames } from "./known.ts"

const run = ["architecture", "preset", "d_sae", "steps", "seed", "skip", "init", "activations"]

it("every file of the folder is an architecture, and every architecture has a file", () => {
  const folder = new URL("../../../src/sae/architectures/", import.meta.url)
  expect(readdirSync(folder).map((file) => file.replace(".ts", "").replaceAll("-", "_"))).toEqual(architectureNames)
})

describe.each([...architectures.values()].map((each) => [each.name, each] as const))("%s", (name, architecture) => {
  const { options, defaults, presets, endToEnd } = architecture

  it("is named as its file is", () => {
    expect(architectureFile(architecture).endsWith(`/${name.replaceAll("_", "-")}.ts`)).toBe(true)
  })

  it("calls none of its options as a shared one is called, or as what a stage kind has besides", () => {
    expect(Object.keys(options).filter((option) => option in sharedOptions || run.includes(option))).toEqual([])
  })

  it("sets only options that it has, to values that they take", () => {
    const known: Params = { ...sharedOptions, ...options }
    for (const [option, value] of [defaults ?? {}, ...Object.values(presets)].flatMap(Object.entries)) {
      expect(Object.keys(known)).toContain(option)
      expect(Schema.is(known[option]?.schema as Schema.Codec<unknown>)(value), option).toBe(true)
    }
    expect(endToEnd?.filter((option) => !(option in options)) ?? []).toEqual([])
  })

  it("has its options and its presets among the parameters of the stage kinds that train", () => {
    const params: Readonly<Record<string, { readonly default?: unknown; readonly description: string }>> =
      trainingParams
    for (const option of Object.keys(options)) {
      expect(params[option]).toMatchObject({ default: null })
      expect(params[option]?.description).toContain(name)
    }
    for (const preset of Object.keys(presets)) expect(trainingParams.preset.type).toContain(preset)
    expect(trainingParams.architecture.description).toContain(`${name}: ${architecture.summary}`)
  })
})
