/** One file of a repository on the hub, at one commit: what a later process needs to fetch and to check it. */
export interface HubFile {
  readonly type: "model" | "dataset"
  readonly repo: string
  /** As the source names it; the cache remembers which commit it was. */
  readonly revision: string
  readonly commit: string
  /** Path in the repository. */
  readonly path: string
  readonly size: number
  /** The name of the blob in the cache: sha256 of the content where the hub keeps it as a large file, else its git blob's sha1. */
  readonly oid: string
}
