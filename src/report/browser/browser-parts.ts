/** What the page reads only when a latent of it is looked at: ranges of latents without an explanation. */
import type { ReportInput, Subject } from "../page/subjects.ts"
import { partId, stitchData, stitchingOf } from "./browser-data.ts"
import type { LatentData } from "./latent-data.ts"
import { dashboardLatentData } from "./dashboard-data.ts"
import type { PackedLatent } from "./packed-latents.ts"

export type ShownLatent = PackedLatent & Pick<LatentData, "max">

export const browserParts = (
  input: ReportInput,
  subjects: ReadonlyArray<Subject>
): ReadonlyArray<{ readonly id: string; readonly subject: number; readonly latents: ReadonlyArray<ShownLatent> }> =>
  subjects.flatMap((subject, index) => {
    const { dashboard, interpretations } = subject
    if (dashboard === undefined) return []
    const explained = new Set(interpretations?.latents.map(({ latent }) => latent))
    const stitching = stitchingOf(subject, input.stitchings, subjects)
    return dashboard.parts.map((part, at) => {
      const shown = part.filter(({ latent }) => !explained.has(latent))
      return {
        id: partId(index, at),
        subject: index,
        latents: shown.map((latent) => ({
          ...dashboardLatentData(latent, dashboard),
          ...stitchData(latent.latent, stitching)
        }))
      }
    })
  })
