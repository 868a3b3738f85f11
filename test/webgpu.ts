/**
 * A GPU for tests, or a Vulkan driver that imitates one on the CPU: SwiftShader, as Chromium's Debian package
 * `chromium-common` carries it. Importing this chooses the driver for the whole process.
 */
import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import { probeAdapter } from "../src/tensor/webgpu/probe-adapter.ts"

const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json"

const probe = () => Effect.runPromise(probeAdapter)

let found = await probe()
if (typeof found === "string" && existsSync(SWIFTSHADER)) {
  process.env["VK_ICD_FILENAMES"] = SWIFTSHADER
  found = await probe()
}
if (typeof found === "string") process.stderr.write(`SKIPPED: the engine webgpu is not checked here: ${found}\n`)

export const webgpuHere = typeof found !== "string"
