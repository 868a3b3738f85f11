import { describe } from "vitest"
import { installedEngine } from "../../src/tensor/tensorflow/tensorflow-status.ts"
import { engineContract } from "./engine.ts"
import { sparseKernelsContract } from "./sparse-kernels.ts"
import { sparseStepsContract } from "./sparse-steps.ts"

describe.skipIf(installedEngine() === undefined)("where tensorflow is installed", () => {
  sparseKernelsContract("tensorflow", "library")
  sparseStepsContract("tensorflow", "library")
  engineContract("tensorflow")
})
