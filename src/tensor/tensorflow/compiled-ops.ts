/**
 * The operations of sae-*.cc, model-ops.cc and memory-ops.cc: loaded into the tensorflow engine's process where they were compiled,
 * where the CPU has the instructions that they were compiled for, and where the engine computes on the CPU. Everything that
 * uses them has another way, with TensorFlow's own operations.
 */
import { existsSync } from "node:fs"
import { nodeRequire } from "./binding-package.ts"
import { OPS_INSTRUCTIONS, RECIPE_REVISION } from "./tensorflow-recipe.ts"

/** Their revision: a changed formula is changed code. */
let loaded: number | undefined
let loadedOn = ""

/** Whether the CPU multiplies bfloat16 by itself, about twice as fast as f32; elsewhere that is emulated, and slow. */
export const bfloat16ProductsAreFast = (): boolean =>
  compiledOpsLoaded() && /^x64-(amx-bf16|avx512-bf16)/.test(loadedOn)

/** `By` of product-tiles.h: the widest vectors that products may use here. */
export const productsBy = (half: boolean): number => (half ? 2 : /^x64-(amx|avx512)/.test(loadedOn) ? 1 : 0)

export const compiledOpsLoaded = (): boolean => loaded === RECIPE_REVISION

/** Whether a CPU of this instruction set has what they are compiled for. */
export const opsFit = (isa: string): boolean =>
  (OPS_INSTRUCTIONS[process.arch] ?? []).some((start) => isa.startsWith(start))

/** After the binding. `isa`: see instruction-set.ts; `products`: what they are held to by the environment. */
export const loadCompiledOps = (file: string, isa: string, products: string): boolean => {
  if (!existsSync(file) || !opsFit(isa)) return false
  nodeRequire(file)
  loaded = RECIPE_REVISION
  loadedOn = products
  return true
}
