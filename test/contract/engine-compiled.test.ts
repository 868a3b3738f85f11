import { existsSync } from "node:fs"
import { describe } from "vitest"
import { opsFit } from "../../src/tensor/tensorflow/compiled-ops.ts"
import { instructionSet } from "../../src/tensor/tensorflow/instruction-set.ts"
import { installedEngine } from "../../src/tensor/tensorflow/tensorflow-status.ts"
import { quantizedProductsContract } from "./quantized-products.ts"
import { sparseKernelsContract } from "./sparse-kernels.ts"
import { sparseStepsContract } from "./sparse-steps.ts"

const engine = installedEngine()
const there = engine !== undefined && existsSync(engine.operations) && opsFit(instructionSet())
if (!there) process.stderr.write("SKIPPED: no operations of our own here, so that they are not checked\n")

describe.skipIf(!there)("where our own operations are compiled", () => {
  sparseKernelsContract("tensorflow", "compiled")
  sparseStepsContract("tensorflow", "compiled")
  quantizedProductsContract()
})
