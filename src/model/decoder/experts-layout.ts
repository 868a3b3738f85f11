/**
 * How mixtures of experts are stored: three matrices an expert, as most published checkpoints have it, or stacks of them
 * (`experts.gate_up_proj` [experts, 2 * d_mlp, d_model], `experts.down_proj` [experts, d_model, d_mlp]), as newer ones do.
 */
import { experts, type ExpertsOptions } from "../blocks/experts-part.ts"
import { sumOf } from "../blocks/composed-parts.ts"
import { mlp, type MlpParameters } from "../blocks/mlp-part.ts"
import type { MatrixSource, Range } from "../blocks/parameter-source.ts"
import type { Checkpoint, Part } from "../blocks/part.ts"
import { configProblem } from "./config-schema.ts"
import type { ModelError } from "./model-error.ts"
import { gatedAt, linearAt } from "./rotary-layout.ts"

export interface ExpertNames {
  /** Name of router and experts within a layer. */
  readonly block: string
  readonly gate: string
  readonly up: string
  readonly down: string
}

export interface ExpertsMlp extends ExpertsOptions {
  readonly layer: number
  readonly d_model: number
  /** Where each expert has matrices of its own. */
  readonly names: ExpertNames
  /** Width of an expert that all tokens share, whose output has a gate of its own. @default none */
  readonly shared?: number
}

/** Fails where a token is to choose more experts than there are. */
export const checkChosen = ({ chosen, experts: count }: ExpertsOptions): ModelError | undefined =>
  chosen <= count
    ? undefined
    : configProblem(`num_experts_per_tok ${chosen} is more than the ${count} experts that there are`)

/** The expert's own rows of a stack [experts, rows, columns] of [out, in] matrices. */
const ofStack = (name: string, shape: readonly [number, number, number], rows: Range): MatrixSource => ({
  rank: 2,
  stored: [{ name, shape, rows }],
  transposed: true
})

type Stacks = Pick<ExpertsMlp, "experts" | "d_mlp" | "d_model">

/** An expert of stacks with gates and ups one after the other. */
export const stacked = (name: string, expert: number, { experts: count, d_mlp, d_model }: Stacks): MlpParameters => {
  const half = (from: number) =>
    ofStack(`${name}.gate_up_proj`, [count, 2 * d_mlp, d_model], { from: expert * 2 * d_mlp + from, count: d_mlp })
  const down = ofStack(`${name}.down_proj`, [count, d_model, d_mlp], { from: expert * d_model, count: d_model })
  return {
    in: { weight: half(0), bias: undefined },
    up: { weight: half(d_mlp), bias: undefined },
    out: { weight: down, bias: undefined }
  }
}

const apart = (name: string, { names, d_mlp, d_model }: ExpertsMlp): MlpParameters => ({
  in: linearAt(`${name}.${names.gate}`, d_model, d_mlp),
  up: linearAt(`${name}.${names.up}`, d_model, d_mlp),
  out: linearAt(`${name}.${names.down}`, d_mlp, d_model)
})

const sharedExpert = (options: ExpertsMlp, d_mlp: number): Part =>
  mlp(
    d_mlp,
    options.activation,
    ({ name }) => {
      const at = (text: string) => name(`layers.${options.layer}.mlp.shared_expert${text}`)
      const shape = { d_model: options.d_model, d_mlp }
      return { ...gatedAt((text) => at(`.${text}`), shape), gate: linearAt(at("_gate"), options.d_model, 1) }
    },
    "mlp.shared_expert"
  )

export const expertsMlp = (options: ExpertsMlp): Part | ModelError => {
  const problem = checkChosen(options)
  if (problem !== undefined) return problem
  const routed = experts(options, ({ has, name }: Checkpoint) => {
    const block = `layers.${options.layer}.${options.names.block}`
    // Newer checkpoints call it mlp in every model.
    const place = has(name(`${block}.gate.weight`)) ? name(block) : name(`layers.${options.layer}.mlp`)
    const stack = `${place}.experts`
    return {
      router: linearAt(`${place}.gate`, options.d_model, options.experts),
      experts: Array.from({ length: options.experts }, (_, expert) =>
        has(`${stack}.gate_up_proj`) ? stacked(stack, expert, options) : apart(`${stack}.${expert}`, options)
      )
    }
  })
  return options.shared === undefined ? routed : sumOf([routed, sharedExpert(options, options.shared)])
}
