/** Latents of an SAE, as far as that is known before it is there. */
import type { Upstream } from "../stage/upstream.ts"

export const knownSize = ({ params, metrics }: Upstream): number | undefined => {
  const size = params["d_sae"] ?? metrics?.["d_sae"]
  return typeof size === "number" ? size : undefined
}
