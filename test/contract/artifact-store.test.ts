import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { makeLocalStore } from "../../src/store/local/local-store.ts"
import { actionDirectory, objectPath, quarantineDirectory } from "../../src/store/local/layout.ts"
import { artifactStoreContract } from "./artifact-store.ts"
import { temporaryRoot } from "../store/temporary-root.ts"

const flipFile = (path: string, at: number): void => {
  const bytes = readFileSync(path)
  bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1
  chmodSync(path, 0o644)
  writeFileSync(path, bytes)
}

artifactStoreContract("the store in a folder", () => {
  const root = mkdtempSync(join(temporaryRoot, "store-test-"))
  return {
    store: makeLocalStore(root),
    flip: (sha256, at) => flipFile(objectPath(root, sha256), at),
    remove: (sha256) => rmSync(objectPath(root, sha256)),
    quarantine: () => readdirSync(quarantineDirectory(root)).map((name) => name.replace(/\.\w+$/, "")),
    flipAction: (key, attempt, at) => flipFile(join(actionDirectory(root, key), `${attempt}.json`), at)
  }
})
