import { sparseKernelsContract } from "./sparse-kernels.ts"
import { sparseStepsContract } from "./sparse-steps.ts"

sparseKernelsContract("wasm", "portable")
sparseStepsContract("wasm", "portable")
