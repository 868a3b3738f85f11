/** One file of a repository on the hub, at one commit: what a later process needs to fetch and to check it. */
import * as Schema from "effect/Schema"

export const HubFile = Schema.Struct({
  type: Schema.Literals(["model", "dataset"]),
  repo: Schema.String,
  /** As the source names it; the cache remembers which commit it was. */
  revision: Schema.String,
  commit: Schema.String,
  /** Path in the repository. */
  path: Schema.String,
  size: Schema.Finite,
  /** The name of the blob in the cache: sha256 of the content where the hub keeps it as a large file, else its git blob's sha1. */
  oid: Schema.String
})
export type HubFile = typeof HubFile.Type
