import { describe } from "vitest"
import { webgpuHere } from "../webgpu.ts"
import { engineContract } from "./engine.ts"
import { sparseKernelsContract } from "./sparse-kernels.ts"
import { sparseStepsContract } from "./sparse-steps.ts"

describe.skipIf(!webgpuHere)("where there is a GPU, or a driver that imitates one", () => {
  engineContract("webgpu")
  sparseKernelsContract("webgpu", "shaders")
  sparseStepsContract("webgpu", "shaders")
})
