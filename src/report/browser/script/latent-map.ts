/** The map of an SAE's latents: where each lies, and by what they are coloured. */
import type { SubjectData } from "../browser-data.ts"
import { isWithin } from "./area.ts"
import { explainedAtLeast } from "./explained-at-least.ts"
import { itemMap } from "./item-map.ts"
import type { Mapped } from "./list-browser.ts"
import type { ListedLatent } from "./listed-latents.ts"
import type { Shade } from "./map-colours.ts"
import { shownLabel } from "./masking.ts"
import { percentText } from "./number-text.ts"

/** A scale of the logarithms of what is above zero. */
const logScale = (values: ReadonlyArray<number>): Shade => {
  const logs = values.filter((value) => value > 0).map(Math.log)
  const [low, high] = [
    logs.reduce((least, each) => Math.min(least, each), 0),
    logs.reduce((most, each) => Math.max(most, each), Number.NEGATIVE_INFINITY)
  ]
  const text = (log: number): string => percentText(Math.exp(log))
  return {
    of: (index) =>
      (values[index] ?? 0) > 0 ? (Math.log(values[index] as number) - low) / (high - low || 1) : undefined,
    ends: [text(low), text(high)]
  }
}

/** Undefined where there is no map of this SAE. */
export const latentMap = (
  subject: SubjectData,
  listed: ReadonlyArray<ListedLatent>
): Mapped<ListedLatent> | undefined => {
  const { map, novel } = subject
  if (map === undefined) return undefined
  const known = new Map(listed.map((latent) => [latent.id, latent]))
  // Of the map, what the list has.
  const places = map.id.flatMap((id, i) => {
    const latent = known.get(id)
    return latent === undefined ? [] : [{ latent, x: map.x[i]! / 1e4, y: map.y[i]! / 1e4 }]
  })
  const placeOf = new Map(places.map(({ latent }, i) => [latent.id, i]))
  const isNovel = new Set(novel)
  const shades: ReadonlyArray<readonly [string, Shade]> = [
    ["Colour: how often it fires", logScale(places.map(({ latent }) => latent.density))],
    ...(places.some(({ latent }) => latent.score !== null)
      ? [
          [
            "Colour: F1, at least",
            {
              of: (i: number) => (places[i]?.latent.score == null ? undefined : explainedAtLeast(places[i].latent)),
              ends: ["0", "1"]
            }
          ] as const
        ]
      : []),
    ...(novel === undefined
      ? []
      : [
          [
            "Colour: class in the stitching",
            {
              of: (i: number) => (isNovel.has(places[i]?.latent.id ?? -1) ? 0 : 1),
              classes: [
                { name: "novel", colour: "--c2" },
                { name: "reconstruction", colour: "--c0" }
              ]
            }
          ] as const
        ])
  ]
  return {
    indexOf: ({ id }) => placeOf.get(id),
    isWithin: ({ id }, area) => {
      const place = places[placeOf.get(id) ?? -1]
      return place !== undefined && isWithin(area, place)
    },
    make: (onOpen, onArea) =>
      itemMap({
        name: `Map of the decoder directions of ${subject.label}`,
        points: places,
        shades,
        describe: (i) => {
          const latent = places[i]?.latent
          return latent === undefined ? "" : `Latent ${latent.id}: ${shownLabel(latent.text)}`
        },
        onOpen,
        onArea
      })
  }
}
