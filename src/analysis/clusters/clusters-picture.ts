/** Which points fire which latent, as a picture: one mark a point, in the colour of its strongest latent. */
import type { ClusterPoints } from "../../kinds/activations/cluster-points.ts"

/** Hues a golden angle apart, so that neighbours by number look different. */
const colour = (latent: number): string => `hsl(${((latent * 137.508) % 360).toFixed(1)} 70% 45%)`

const size = 480
const reach = 1.35
const place = (x: number): string => (((x + reach) / (2 * reach)) * size).toFixed(1)

/** @param strongest of each point: the latent with the largest activation; -1: none fires, drawn as a ring */
export const clustersPicture = ({ points }: Pick<ClusterPoints, "points">, strongest: ArrayLike<number>): string => {
  const marks = points.map(([x, y], i) => {
    const latent = strongest[i] as number
    const look = latent < 0 ? 'fill="none" stroke="#888"' : `fill="${colour(latent)}"`
    const name = latent < 0 ? "no latent" : `latent ${latent}`
    return `<circle cx="${place(x)}" cy="${place(-y)}" r="3" ${look}><title>point ${i}: ${name}</title></circle>`
  })
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" role="img" aria-label="points by latent">\n` +
    `${marks.join("\n")}\n</svg>\n`
  )
}
