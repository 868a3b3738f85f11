/** Whether models that are there have the hooks that a capture is about. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model-handle.ts"
import { findHook } from "../model/hook-name.ts"
import { modelInfo } from "../model/load-model.ts"
import type { ParamProblem } from "../stage/param-problem.ts"
import type { Upstream } from "../stage/upstream.ts"

type ModelUpstream = Upstream<LanguageModelHandle>

/** Undefined where the model has to be made first; what is wrong with the model itself is told where it runs. */
const infoOf = Effect.fnUntraced(function* (model: ModelUpstream) {
  const handle = yield* model.open
  return handle === undefined ? undefined : yield* Effect.orElseSucceed(modelInfo(handle.config), () => undefined)
})

/** Numbers in a row, where the model is there. */
export const foreseeRows = Effect.fnUntraced(function* ({
  params: { hook },
  upstream
}: {
  readonly params: { readonly hook: string }
  readonly upstream: { readonly model: ReadonlyArray<ModelUpstream> }
}) {
  for (const model of upstream.model) {
    const info = yield* infoOf(model)
    const found = info === undefined ? "" : findHook(hook, info)
    if (typeof found !== "string" && found.perToken) return { d_in: found.width }
  }
  return {}
})

export const checkHooks = Effect.fnUntraced(function* ({
  params: { hook, mask_hooks: maskHooks },
  upstream
}: {
  readonly params: { readonly hook: string; readonly mask_hooks: ReadonlyArray<string> }
  readonly upstream: { readonly [input in "model" | "mask_models"]: ReadonlyArray<ModelUpstream> }
}) {
  const problems: Array<ParamProblem> = []
  const look = Effect.fnUntraced(function* (model: ModelUpstream, hooks: ReadonlyArray<readonly [string, string]>) {
    const info = yield* infoOf(model)
    if (info === undefined) return
    for (const [param, name] of hooks) {
      const found = findHook(name, info)
      if (typeof found === "string") problems.push({ param, problem: found })
      else if (!found.perToken) problems.push({ param, problem: `${name} holds no vector for each token` })
    }
  })
  const masks = maskHooks.map((name, i) => [`mask_hooks[${i}]`, name] as const)
  for (const model of upstream.model) yield* look(model, [["hook", hook], ...masks])
  for (const model of upstream.mask_models) yield* look(model, masks.length === 0 ? [["hook", hook]] : masks)
  return problems
})
