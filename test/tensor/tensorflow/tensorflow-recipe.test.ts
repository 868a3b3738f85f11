import { expect, it } from "vitest"
import { cudaWheels } from "../../../src/tensor/tensorflow/cuda-libraries.ts"
import { engineId, enginesFolder, wheelFor } from "../../../src/tensor/tensorflow/tensorflow-recipe.ts"

it("keeps engines in the folder that is named, else in the user's cache", () => {
  expect(enginesFolder({ PIPELINE_ENGINE_DIR: "/big/engines", XDG_CACHE_HOME: "/c" })).toBe("/big/engines")
  expect(enginesFolder({ XDG_CACHE_HOME: "/c" })).toBe("/c/sae-pipeline/engines")
  expect(enginesFolder({})).toMatch(/\/\.cache\/sae-pipeline\/engines$/)
})

it("gives engines of different platforms different folders", () => {
  const ids = [engineId("linux", "x64"), engineId("linux", "arm64"), engineId("darwin", "arm64")]
  expect(new Set(ids).size).toBe(3)
})

it("pins every wheel by its sha256, and knows no wheel for other platforms", () => {
  for (const [platform, arch] of [
    ["linux", "x64"],
    ["linux", "arm64"],
    ["darwin", "arm64"]
  ] as const) {
    expect(wheelFor(platform, arch)?.sha256).toMatch(/^[0-9a-f]{64}$/)
  }
  expect(wheelFor("win32", "x64")).toBeUndefined()
  expect(wheelFor("darwin", "x64")).toBeUndefined()
})

it("gives the CUDA build a folder of its own, and pins it and every CUDA library", () => {
  expect(engineId("linux", "x64", "cuda")).not.toBe(engineId("linux", "x64"))
  expect(wheelFor("linux", "x64", "cuda")?.size).toBe(572_611_111)
  expect(wheelFor("linux", "arm64", "cuda")).toBeUndefined()
  for (const { sha256, file, requirement, opens } of cudaWheels) {
    expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(file).toContain(`-${requirement.split("==")[1]}-`)
    expect(opens.length).toBeGreaterThan(0)
  }
})
