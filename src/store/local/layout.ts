/** Where things are in a store's folder. The layout is a format: it changes only with a migration. */
import { join } from "node:path"

/** Put together as text: a run of hits asks for thousands, and `join` looks at every letter. */
const fanned = (root: string, folder: string, name: string): string => `${root}/${folder}/${name.slice(0, 2)}/${name}`

/** A blob by its sha256; the file list of an artifact is one too, under the artifact's digest. */
export const objectPath = (root: string, sha256: string): string => fanned(root, "objects", sha256)
/** Holds `<attempt>.json`. */
export const actionDirectory = (root: string, key: string): string => fanned(root, "actions", key)
/**
 * There while somebody has the key, or may go on with it: `<epoch>.json` is the claim of one owner, `<epoch>/` what that one works
 * in. One folder for both, since making and removing folders is the most of what a stage that prints a line costs.
 */
export const partialDirectory = (root: string, key: string): string => `${root}/partial/${key}`
/** What has come of a blob that is being taken from elsewhere. */
export const incomingPath = (root: string, sha256: string): string => fanned(root, "incoming", sha256)
export const quarantineDirectory = (root: string): string => join(root, "quarantine")
export const pinsDirectory = (root: string): string => join(root, "pins")
export const runsDirectory = (root: string): string => join(root, "runs")
