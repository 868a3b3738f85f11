/**
 * The operations of sae-*.cc, model-*.cc, quantized-product.cc and memory-ops.cc: loaded into the tensorflow engine's process where they were compiled,
 * where the CPU has the instructions that they were compiled for, and where the engine computes on the CPU. Everything that
 * uses them has another way, with TensorFlow's own operations.
 */
import { existsSync } from "node:fs"
import { nodeRequire } from "./binding-package.ts"
import { OPS_INSTRUCTIONS, RECIPE_REVISION } from "./tensorflow-recipe.ts"

/** Their revision: a changed formula is changed code. */
let loaded: number | undefined
let loadedOn = ""
let integerDots = false

/** Who multiplies for estimates: never what comes out. */
export type Precision = "auto" | "f32" | "bf16" | "int16" | "int8"

/** Whether the CPU multiplies bfloat16 by itself, about twice as fast as f32; elsewhere that is emulated, and slow. */
const bfloat16ProductsAreFast = (): boolean => /^x64-(amx-bf16|avx512-bf16)/.test(loadedOn)

/** `By` of product-tiles.h for f32, with the widest vectors that may be used here. */
export const floatProducts = (): number => (/^x64-(amx|avx512)/.test(loadedOn) ? 1 : 0)

/** For whoever multiplies, undefined where it cannot be had. */
const kernelOf = (precision: Precision): number | undefined => {
  const x64 = process.arch === "x64"
  switch (precision) {
    case "f32":
      return floatProducts()
    case "bf16":
      return bfloat16ProductsAreFast() ? 2 : undefined
    case "int16":
      return integerDots ? 4 : x64 ? 3 : undefined
    case "int8":
      return integerDots ? 5 : undefined
    case "auto":
      return integerDots ? 6 : x64 ? 3 : 0
  }
}

export const productsBy = (precision: Precision): number | undefined =>
  compiledOpsLoaded() ? kernelOf(precision) : undefined

export const compiledOpsLoaded = (): boolean => loaded === RECIPE_REVISION

/** Whether a CPU of this instruction set has what they are compiled for. */
export const opsFit = (isa: string): boolean =>
  (OPS_INSTRUCTIONS[process.arch] ?? []).some((start) => isa.startsWith(start))

/**
 * After the binding. `isa`: see instruction-set.ts; `products`: what they are held to by the environment; `integers`: whether dot
 * products of integers may be used.
 */
export const loadCompiledOps = (file: string, isa: string, products: string, integers: boolean): boolean => {
  if (!existsSync(file) || !opsFit(isa)) return false
  nodeRequire(file)
  loaded = RECIPE_REVISION
  loadedOn = products
  integerDots = integers
  return true
}
