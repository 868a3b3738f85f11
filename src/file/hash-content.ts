/** Digests of a file's bytes, read in pieces. */
import { createHash } from "node:crypto"
import { piecesOf } from "./pieces-of.ts"

export const sha256OfFile = async (path: string): Promise<string> => {
  const hash = createHash("sha256")
  for await (const piece of piecesOf(path)) hash.update(piece)
  return hash.digest("hex")
}
