import { sparseKernelsContract } from "./sparse-kernels.ts"

sparseKernelsContract("wasm", "portable")
