/**
 * Whether SAEs are given rows, and other SAEs, of the hook that they were trained at, as far as the stages above say: a wrong wire is
 * told at its line, where the stage would refuse it after hours of training. Models can be the same under two names, so that those are noted.
 */
import { canonicalJson, type Json } from "../json/canonical-json.ts"
import { onCommandLine } from "../specification/location.ts"
import type { Problem } from "../specification/problem.ts"
import * as Wiring from "../stage/wiring.ts"
import type { StageInstance } from "./stage-instance.ts"

type ById = (id: string) => StageInstance | undefined

/** The input that what comes out has its hook from. */
const hookFrom: Readonly<Record<string, string>> = {
  "shuffle-activations": "activations",
  "train-sae": "activations",
  "train-transcoder": "activations",
  "finetune-sae": "activations",
  "make-dictionary": "activations",
  "merge-saes": "activations",
  "grow-sae": "sae"
}

/** Inputs of SAEs that read `with`: one for all, or one for each. The kinds refuse others when they run (`activations/fit.ts`). */
const reading: Readonly<Record<string, { readonly saes: ReadonlyArray<string>; readonly with: string }>> = {
  "train-sae": { saes: ["init"], with: "activations" },
  "train-transcoder": { saes: ["init"], with: "activations" },
  "evaluate-sae": { saes: ["sae"], with: "activations" },
  "finetune-sae": { saes: ["sae"], with: "activations" },
  "evaluate-ground-truth": { saes: ["sae"], with: "activations" },
  "evaluate-clusters": { saes: ["sae"], with: "activations" },
  "evaluate-concepts": { saes: ["sae"], with: "activations" },
  "evaluate-neighbourhoods": { saes: ["saes"], with: "activations" },
  "evaluate-othello": { saes: ["sae"], with: "activations" },
  "evaluate-rule": { saes: ["sae"], with: "activations" },
  "find-latents": { saes: ["sae"], with: "activations" },
  "steer-latents": { saes: ["sae"], with: "activations" },
  "edit-with-meta-latents": { saes: ["sae"], with: "activations" },
  "auto-interp": { saes: ["sae", "base"], with: "activations" },
  "explain-latents": { saes: ["sae", "base"], with: "activations" },
  "collect-dashboard": { saes: ["saes"], with: "activations" },
  "compare-saes": { saes: ["saes"], with: "activations" },
  "stitch-saes": { saes: ["small", "large"], with: "activations" },
  "stitch-family": { saes: ["saes", "merged"], with: "activations" },
  "merge-saes": { saes: ["base", "others"], with: "activations" },
  "analyse-meta-sae": { saes: ["smaller"], with: "sae" }
}

const wiredAt = ({ inputs }: StageInstance, name: string): ReadonlyArray<string> => {
  const wiring = inputs[name]
  return wiring === undefined ? [] : Wiring.items(wiring).map(({ instance }) => instance)
}

/** The capture that an instance's rows are of, through all that passes its hook on. */
const captureOf = (id: string, byId: ById): StageInstance | undefined => {
  const instance = byId(id)
  if (instance === undefined) return undefined
  if (instance.kind.name === "capture-activations") return instance
  const from = hookFrom[instance.kind.name]
  const [above] = from === undefined ? [] : wiredAt(instance, from)
  return above === undefined ? undefined : captureOf(above, byId)
}

/** undefined: not said by any stage. */
const hookOf = (id: string, byId: ById): string | undefined => {
  const instance = byId(id)
  const hook = instance?.kind.name === "import-sae" ? instance.params["hook"] : captureOf(id, byId)?.params["hook"]
  return typeof hook === "string" ? hook : undefined
}

/** What an instance computes, whatever it is called: its kind, and all that it is given, down to the sources. */
const madeAs = (id: string, byId: ById): string => {
  const instance = byId(id)
  if (instance === undefined) return id
  const { kind, params, sources } = instance
  const inputs = Object.keys(instance.inputs).map((name): Json => [
    name,
    wiredAt(instance, name).map((each) => madeAs(each, byId))
  ])
  return canonicalJson([kind.name, { ...params }, { ...sources }, inputs])
}

interface Site {
  readonly id: string
  readonly hook: string | undefined
  readonly model: string | undefined
}

const siteOf = (id: string, byId: ById): Site => {
  const capture = captureOf(id, byId)
  return { id, hook: hookOf(id, byId), model: capture && wiredAt(capture, "model")[0] }
}

/** @returns problems, and what may be one: a model that has another name may be the same */
export const checkSites = (
  instance: StageInstance,
  byId: ById
): { readonly problems: ReadonlyArray<Problem>; readonly notes: ReadonlyArray<Problem> } => {
  const rule = reading[instance.kind.name]
  const [problems, notes]: [Array<Problem>, Array<Problem>] = [[], []]
  const place = (input: string) => ({
    at: instance.origins[`inputs.${input}`] ?? instance.origins["stage.uses"] ?? onCommandLine(instance.id),
    path: `stages.${instance.stage}.with.${input}`
  })
  const sites = (rule?.saes ?? []).flatMap((input) =>
    wiredAt(instance, input).map((id) => ({ input, ...siteOf(id, byId) }))
  )
  const rows = rule === undefined ? [] : wiredAt(instance, rule.with).map((id) => siteOf(id, byId))
  for (const [n, sae] of sites.entries()) {
    const read = rows.length === 1 ? rows[0] : rows[n]
    if (sae.hook === undefined || read?.hook === undefined || sae.hook === read.hook) continue
    const message = `${sae.id} is of ${sae.hook}, and ${read.id}, given beside it, of ${read.hook}; give both of one hook`
    problems.push({ ...place(sae.input), message })
  }
  const [model] = wiredAt(instance, "model")
  const named = ["sae", "saes", "small", "large", "base"].flatMap((input) =>
    instance.kind.inputs[input]?.kind?.name === "Sae" ? wiredAt(instance, input).map((id) => ({ input, id })) : []
  )
  for (const { input, id } of model === undefined ? [] : named) {
    const own = siteOf(id, byId).model
    if (own === undefined || own === model || madeAs(own, byId) === madeAs(model as string, byId)) continue
    const message = `${id} is of ${own}, and the model given is ${model}; it is refused when it runs where these are not one model`
    notes.push({ ...place(input), message })
  }
  return { problems, notes }
}
