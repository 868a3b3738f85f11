/** The types of latents, by name: one file and two lines here for each. */
import { abstopk } from "./abstopk.ts"
import { batchTopk } from "./batch-topk.ts"
import { gated } from "./gated.ts"
import { groupmax } from "./groupmax.ts"
import { jumprelu } from "./jumprelu.ts"
import type { Floats, LatentType } from "./latent-type.ts"
import { matchingPursuit } from "./matching-pursuit.ts"
import { relu } from "./relu.ts"
import { temporal } from "./temporal.ts"
import { topk } from "./topk.ts"

const latentTypes = {
  relu,
  topk,
  abstopk,
  groupmax,
  batch_topk: batchTopk,
  jumprelu,
  gated,
  matching_pursuit: matchingPursuit,
  temporal
} as const

type TypeOf<T> = T extends LatentType<infer L, infer A> ? { readonly latents: L; readonly activation: A } : never
type Types = { [N in keyof typeof latentTypes]: TypeOf<(typeof latentTypes)[N]> }[keyof typeof latentTypes]

/** How latents are chosen, with the parameters that only this choice has; formulas in the file of each. */
export type StoredLatents = Types["latents"]

/** How latents are chosen when the SAE is used, after `z = (x - b_dec) W_enc + b_enc`. */
export type SaeActivation = Types["activation"]

export type AnyLatentType = LatentType<StoredLatents, SaeActivation>

export const allLatentTypes: ReadonlyArray<AnyLatentType> = Object.values(latentTypes)

export const latentType = ({ type }: { readonly type: StoredLatents["type"] }): AnyLatentType => latentTypes[type]

/** The type that rows are encoded by. */
export const activationType = ({ type }: SaeActivation): AnyLatentType => latentTypes[type]

const isArray = (value: unknown): value is Floats => value instanceof Float32Array

/** The arrays of latents, [d_sae] each, by name. */
export const arraysOf = (latents: StoredLatents): ReadonlyArray<readonly [name: string, values: Floats]> =>
  Object.entries(latents).flatMap(([name, value]) => (isArray(value) ? [[name, value] as const] : []))

/** Arrays and whatever else a type has, with their shapes, by SAELens's names. */
export const tensorsOf = (
  latents: StoredLatents,
  d_sae: number
): ReadonlyArray<readonly [name: string, values: Floats, shape: ReadonlyArray<number>]> => [
  ...arraysOf(latents).map(([name, values]) => [name, values, [d_sae]] as const),
  ...(latentType(latents).tensors?.(latents, d_sae) ?? [])
]

/** The same latents with every array changed. */
export const mapArrays = (latents: StoredLatents, change: (values: Floats, name: string) => Floats): StoredLatents => ({
  ...latents,
  ...Object.fromEntries(arraysOf(latents).map(([name, values]) => [name, change(values, name)]))
})

/** Latents whose pre-activations are `factors` times as large: [d_sae]. */
export const scaleLatents = (latents: StoredLatents, factors: ArrayLike<number>): StoredLatents => {
  const { unscaled = [] } = latentType(latents)
  return mapArrays(latents, (values, name) =>
    unscaled.includes(name) ? values : values.map((x, j) => x * (factors[j] as number))
  )
}
