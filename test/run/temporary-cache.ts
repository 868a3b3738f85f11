/** A folder for each test: a store, and a file in which stages note that they started. */
import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import { afterEach, beforeEach } from "vitest"
import { temporaryRoot } from "../store/temporary-root.ts"

export interface TemporaryCache {
  folder: string
  cache: string
  tally: string
}

export const temporaryCache = (): TemporaryCache => {
  const place: TemporaryCache = { folder: "", cache: "", tally: "" }
  beforeEach(() => {
    place.folder = mkdtempSync(join(temporaryRoot, "run-test-"))
    place.cache = join(place.folder, "cache")
    place.tally = join(place.folder, "tally")
  })
  afterEach(() => rmSync(place.folder, { recursive: true, force: true }))
  return place
}
