/** Architectures by name, loaded; and options for any of them from what a test gives for all. */
import type { SaeArchitecture, TrainingMethod } from "../../../src/sae/architecture.ts"
import { architectures } from "../../../src/sae/architectures.ts"
import type gated from "../../../src/sae/architectures/gated.ts"
import type jumprelu from "../../../src/sae/architectures/jumprelu.ts"
import type matchingPursuit from "../../../src/sae/architectures/matching-pursuit.ts"
import type matryoshka from "../../../src/sae/architectures/matryoshka-batch-topk.ts"
import type pAnneal from "../../../src/sae/architectures/p-anneal.ts"
import type standard from "../../../src/sae/architectures/standard.ts"
import type topk from "../../../src/sae/architectures/topk.ts"
import { sharedOptions } from "../../../src/sae/settings/shared-options.ts"
import {
  defaultsFor,
  type ResolvedOptions,
  resolveOptions,
  type TrainingOptions
} from "../../../src/sae/training-options.ts"
import type { ParamValues } from "../../../src/stage/param.ts"

type OptionsOf<A extends SaeArchitecture> = ParamValues<A["options"]>

/** The options of all architectures. */
export type AnyOptions = OptionsOf<typeof topk> &
  OptionsOf<typeof matryoshka> &
  OptionsOf<typeof matchingPursuit> &
  OptionsOf<typeof standard> &
  OptionsOf<typeof pAnneal> &
  OptionsOf<typeof jumprelu> &
  OptionsOf<typeof gated>

export const architectureNames: ReadonlyArray<string> = [...architectures.keys()]

export const architectureOf = (name: string): SaeArchitecture => {
  const found = architectures.get(name)
  if (found === undefined) throw new Error(`there is no architecture ${name}`)
  return found
}

const methods = new Map(
  await Promise.all([...architectures.values()].map(async (each) => [each.name, await each.load()] as const))
)

export const methodOf = (name: string): TrainingMethod => methods.get(name) as TrainingMethod

export type AskedOptions = Partial<TrainingOptions<AnyOptions>>
export type AnyResolved = ResolvedOptions<AnyOptions>

type Asked = AskedOptions & Pick<TrainingOptions, "d_sae" | "steps" | "seed">

/** The defaults, and of what is asked for that which the architecture has. */
export const optionsFor = (name: string, asked: Asked): TrainingOptions<AnyOptions> => {
  const architecture = architectureOf(name)
  const has = (option: string) =>
    ["d_sae", "steps", "seed", "skip"].includes(option) || option in sharedOptions || option in architecture.options
  const own = Object.fromEntries(Object.entries(asked).filter(([option]) => has(option)))
  return { ...defaultsFor(architecture), architecture, ...own } as TrainingOptions<AnyOptions>
}

export const resolvedFor = (name: string, asked: Asked): AnyResolved =>
  resolveOptions<AnyOptions>(optionsFor(name, asked))

/** For losses that are compared with one written down: three latents, and the whole penalty from the first step on. */
export const comparedOptions = (name: string, asked: AskedOptions & Pick<TrainingOptions, "d_sae">): AnyResolved =>
  resolvedFor(name, { k: 3, steps: 10, seed: 0, sparsity_warmup: 0, ...asked })
