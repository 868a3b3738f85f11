/** What an SAE from elsewhere is called here. */
import type { SaeInfo } from "./sae-weights.ts"
import { latentType } from "../latents/latents.ts"
import type { StoredSae } from "./stored-sae.ts"

const architectureOf = ({ latents, transcoder, W_skip }: StoredSae): string => {
  const kind =
    latents.type === "relu"
      ? "standard"
      : latents.type === "batch_topk" && latents.groups !== null
        ? "matryoshka_batch_topk"
        : latents.type
  if (!transcoder) return kind
  return `${kind === "standard" ? "" : `${kind}_`}${W_skip === undefined ? "" : "skip_"}transcoder`
}

export const storedInfo = (
  sae: StoredSae
): Pick<SaeInfo, "architecture" | "activation" | "d_in" | "d_sae" | "k" | "hook"> => {
  const { latents } = sae
  const hook = sae.metadata["hook_name"]
  return {
    architecture: architectureOf(sae),
    activation: latentType(latents).activation(latents),
    d_in: sae.d_in,
    d_sae: sae.d_sae,
    k: "k" in latents ? latents.k : null,
    hook: typeof hook === "string" ? hook : null
  }
}
