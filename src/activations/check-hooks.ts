/** Whether models that are there have the hooks that a capture is about. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../kinds/language-model/language-model.ts"
import { findHook } from "../model/hook-name.ts"
import { modelInfo } from "../model/load-model.ts"
import type { ParamProblem } from "../stage/param-problem.ts"
import type { Upstream } from "../stage/upstream.ts"

export const checkHooks = Effect.fnUntraced(function* ({
  params: { hook, mask_hooks: maskHooks },
  upstream
}: {
  readonly params: { readonly hook: string; readonly mask_hooks: ReadonlyArray<string> }
  readonly upstream: { readonly [input in "model" | "mask_models"]: ReadonlyArray<Upstream<LanguageModelHandle>> }
}) {
  const problems: Array<ParamProblem> = []
  const look = Effect.fnUntraced(function* (
    model: Upstream<LanguageModelHandle>,
    hooks: ReadonlyArray<readonly [string, string]>
  ) {
    const handle = yield* model.open
    // What is wrong with the model itself is told where it runs.
    const info =
      handle === undefined ? undefined : yield* Effect.orElseSucceed(modelInfo(handle.config), () => undefined)
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
