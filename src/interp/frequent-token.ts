/** Draws tokens in proportion to how often they occur at the given positions of a text. */
import type { Rng } from "../random/rng.ts"
import type { TokenStream } from "./token-stream.ts"

/** Drawing a position draws its token with the text's frequency. */
export const drawFrom =
  (stream: TokenStream, positions: Int32Array<ArrayBuffer>) =>
  (rng: Rng): number =>
    stream.ids[positions[rng.int(positions.length)] as number] as number
