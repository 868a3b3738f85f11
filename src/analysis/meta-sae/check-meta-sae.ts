/** The memory that a meta-SAE takes, as far as the SAE above tells before it is trained. */
import * as Effect from "effect/Effect"
import { trainingNeed } from "../../sae/training/training-memory.ts"
import type { Upstream } from "../../stage/upstream.ts"
import { metaSettings } from "./meta-presets.ts"

export const checkMetaSae = ({
  params,
  upstream
}: {
  readonly params: Parameters<typeof metaSettings>[0]
  readonly upstream: { readonly sae: ReadonlyArray<Upstream> }
}) =>
  Effect.sync(() => {
    const [sae] = upstream.sae
    const number = (name: string): number | undefined => {
      const value = sae?.metrics?.[name] ?? sae?.params[name]
      return typeof value === "number" ? value : undefined
    }
    const [latents, d] = [number("d_sae"), number("d_in")]
    if (latents === undefined && params.d_sae === null) return []
    const settings = metaSettings(params, latents ?? 1)
    return [trainingNeed({ ...settings, d_in: d ?? 1, d_out: d ?? 1 }, d !== undefined)]
  })
