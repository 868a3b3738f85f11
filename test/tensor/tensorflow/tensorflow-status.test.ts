import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { engineWithoutInstallation } from "../../../src/tensor/engine/engine.ts"
import { ensureEngine } from "../../../src/tensor/engine/ensure-engine.ts"
import { EngineUnavailable } from "../../../src/tensor/engine-unavailable.ts"
import { olderEngines } from "../../../src/tensor/tensorflow/older-engines.ts"
import { installTensorflow } from "../../../src/tensor/tensorflow/tensorflow-install.ts"
import { engineId } from "../../../src/tensor/tensorflow/tensorflow-recipe.ts"
import { filesAreWhole } from "../../../src/tensor/tensorflow/engine-manifest.ts"
import { tensorflowStatus, wantedVariant } from "../../../src/tensor/tensorflow/tensorflow-status.ts"
import { probeAdapter } from "../../../src/tensor/webgpu/probe-adapter.ts"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "engines-"))
  vi.stubEnv("PIPELINE_ENGINE_DIR", folder)
  vi.stubEnv("PIPELINE_ENGINE", undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

it("finds engines that earlier versions built, and how much they take", async () => {
  for (const [name, size] of [["tensorflow-old-r1", 7] as const, ["tensorflow-old-r2", 5] as const]) {
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, "engine.json"), JSON.stringify({ id: name, files: { "a.so": size } }))
  }
  mkdirSync(join(folder, "something else"))
  const names = ["tensorflow-old-r1", "tensorflow-old-r2"]
  const found = await Effect.runPromise(olderEngines)
  expect(found).toEqual({ folders: names.map((name) => join(folder, name)), bytes: 12 })
  const id = engineId(process.platform, process.arch)
  mkdirSync(join(folder, id))
  writeFileSync(join(folder, id, "engine.json"), JSON.stringify({ id, files: { "a.so": 100 } }))
  expect(await Effect.runPromise(olderEngines)).toEqual(found)
})

it("takes an engine for whole only while every file has its size", () => {
  writeFileSync(join(folder, "a.so"), "12345")
  const manifest = { id: "e1", wheel: "w", sha256: "s", files: { "a.so": 5 } }
  writeFileSync(join(folder, "engine.json"), JSON.stringify(manifest))
  expect(filesAreWhole(folder, "e1")).toBe(true)
  expect(filesAreWhole(folder, "e2")).toBe(false)
  writeFileSync(join(folder, "a.so"), "123")
  expect(filesAreWhole(folder, "e1")).toBe(false)
  rmSync(join(folder, "a.so"))
  expect(filesAreWhole(folder, "e1")).toBe(false)
  expect(filesAreWhole(join(folder, "nowhere"), "e1")).toBe(false)
})

it("names every missing tool and the command that gets it", async () => {
  vi.stubEnv("PATH", join(folder, "no-tools"))
  vi.stubEnv("CXX", undefined)
  vi.stubEnv("PYTHON", undefined)
  const status = await Effect.runPromise(tensorflowStatus)
  expect(status.state).toBe("missing")
  if (status.state !== "missing" || process.platform === "win32") return
  expect(status.missing).toContainEqual({
    what: "python3 with pip is not there",
    fix: "apt-get install python3 python3-pip"
  })
  expect(status.missing).toContainEqual({ what: "the C++ compiler g++ is not there", fix: "apt-get install g++" })
  const error = await Effect.runPromise(Effect.flip(installTensorflow()))
  expect(error).toBeInstanceOf(EngineUnavailable)
  expect(error.message).toContain("the C++ compiler g++ is not there")
  expect(error.message).toContain("apt-get install g++")
})

it("goes on without it where tensorflow cannot be built, and says what would be faster", async () => {
  vi.stubEnv("PATH", join(folder, "no-tools"))
  vi.stubEnv("PIPELINE_ENGINE_INSTALL", undefined)
  const decision = await Effect.runPromise(ensureEngine("auto"))
  expect(decision.engine).toBe(await Effect.runPromise(engineWithoutInstallation))
  expect(decision.note).toMatch(/^tensorflow would be .*, but .*g\+\+/)
})

it("installs nothing where that is refused: what is there for auto, an error for tensorflow by name", async () => {
  vi.stubEnv("PIPELINE_ENGINE_INSTALL", "never")
  const there = await Effect.runPromise(engineWithoutInstallation)
  expect((await Effect.runPromise(ensureEngine("auto"))).engine).toBe(there)
  const error = await Effect.runPromise(Effect.flip(ensureEngine("tensorflow")))
  expect(error.message).toContain("PIPELINE_ENGINE_INSTALL=never")
  expect(await Effect.runPromise(ensureEngine("wasm"))).toEqual({ engine: "wasm" })
})

it.skipIf(process.platform !== "linux")(
  "refuses webgpu by name where no driver offers a GPU, with the remedy",
  async () => {
    vi.stubEnv("VK_ICD_FILENAMES", "/nowhere.json")
    const error = await Effect.runPromise(Effect.flip(ensureEngine("webgpu")))
    expect(error.message).toMatch(/^engine webgpu is not available: .+\. Install the GPU's driver/)
  }
)

it("tells how a search for a GPU ended that did not come to its end", async () => {
  vi.stubEnv("NODE_OPTIONS", "--no-such-option")
  expect(await Effect.runPromise(probeAdapter)).toMatch(/^looking for a GPU ended with 9: .*--no-such-option/)
})

it("takes the build that is named, and refuses a name that none has", async () => {
  vi.stubEnv("PIPELINE_TENSORFLOW", "cuda")
  expect(wantedVariant()).toBe("cuda")
  const { state, ...more } = await Effect.runPromise(tensorflowStatus)
  if (state === "installable") expect(more).toMatchObject({ folder: expect.stringContaining("-cuda-") })
  vi.stubEnv("PIPELINE_TENSORFLOW", "rocm")
  const status = await Effect.runPromise(tensorflowStatus)
  expect(status).toMatchObject({ state: "missing", missing: [{ what: "PIPELINE_TENSORFLOW=rocm names no build" }] })
})
