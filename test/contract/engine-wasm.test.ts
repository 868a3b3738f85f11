import { engineContract } from "./engine.ts"
import { sparseKernelsContract } from "./sparse-kernels.ts"
import { sparseStepsContract } from "./sparse-steps.ts"

engineContract("wasm")
sparseKernelsContract("wasm", "portable")
sparseStepsContract("wasm", "portable")
