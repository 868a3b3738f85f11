/**
 * Resolves an `hf:` source at plan time: its revision to a commit, and the files that are needed to their digests. Large
 * files are not fetched, since the hub lists their sha256; small ones are, once.
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { canonicalJson } from "../../json/canonical-json.ts"
import type { ResolvedSource, SourceOf } from "../../stage/source.ts"
import type { FileIndex } from "../../file/file-index.ts"
import { sha256OfFile } from "../../file/hash-content.ts"
import { SourceMissing } from "../scheme/source-missing.ts"
import { chooseHubFiles, type Chosen, lookupOf } from "./choose-hub-files.ts"
import { downloadHubFile } from "./download-hub-file.ts"
import { snapshotPath } from "./hub-cache.ts"
import type { HubFile } from "./hub-file.ts"
import { hubCommit, hubEntries, type HubPlace } from "./hub-listing.ts"
import { type HubName, parseHubName, pinnedHubName } from "./hub-name.ts"
import { HubProblem, networkProblem } from "./hub-request.ts"
import { type HubSettings, hubSettings } from "./hub-settings.ts"

type SourceFile = ResolvedSource["files"][number]

/** Requests side by side, of small files. */
const CONCURRENCY = 4

const checkName = (uri: string, of: SourceOf): HubName | SourceMissing => {
  const name = parseHubName(uri)
  const form = of === "text" ? "hf:datasets/org/name@revision" : "hf:org/name@revision"
  if (name === undefined) {
    return new SourceMissing({ uri, problem: "it names no repository of the hub", remedy: `write ${form}` })
  }
  if ((name.type === "dataset") === (of === "text")) return name
  return new SourceMissing({
    uri,
    problem: of === "text" ? "text comes from data sets of the hub" : `a data set is no ${of}`,
    remedy: `write ${form}`
  })
}

/** sha256 of a small file, by content of the git blob that it is: asked once for each. */
const smallDigest = (settings: HubSettings, file: HubFile, path: string, index: FileIndex) =>
  Effect.tryPromise({
    try: () =>
      index.get(file.oid === "" ? `sha256 ${path}` : `sha256 of git blob ${file.oid}`, Schema.String, async () => {
        if (file.oid !== "") await Effect.runPromise(downloadHubFile(settings, file))
        return { value: await sha256OfFile(path), files: file.oid === "" ? [path] : [] }
      }),
    catch: (error) => (error instanceof HubProblem ? error : networkProblem(settings, error))
  })

const sourceFile = Effect.fnUntraced(function* (
  settings: HubSettings,
  place: HubPlace,
  { name, entry }: Chosen,
  index: FileIndex
) {
  const { type, repo, revision, commit } = place
  const file: HubFile = { type, repo, revision, commit, path: entry.path, size: entry.size, oid: entry.oid }
  const path = snapshotPath(settings.cache, file)
  const sha256 = entry.oid.length === 64 ? entry.oid : yield* smallDigest(settings, file, path, index)
  // A file whose blob is not known can only be read where it is.
  const found: SourceFile = {
    name,
    path,
    sha256,
    ...(entry.oid === "" ? {} : { remote: { scheme: "hf", place: file } })
  }
  return found
})

export const resolveHubSource = Effect.fn("resolveHubSource")(function* (
  uri: string,
  of: SourceOf,
  index: FileIndex,
  say: (line: string) => void
) {
  const settings = hubSettings()
  const name = checkName(uri, of)
  if (name instanceof SourceMissing) return yield* name
  const failed = ({ problem, remedy }: { readonly problem: string; readonly remedy: string }) =>
    new SourceMissing({ uri, problem, remedy })
  const lookup = lookupOf(of, name.path)
  const resolved = Effect.gen(function* () {
    const commit = yield* hubCommit(settings, name, say)
    const place: HubPlace = { ...name, commit }
    const entries = yield* hubEntries(settings, place, lookup.folder, lookup.recursive)
    const chosen = chooseHubFiles(of, lookup, entries)
    if ("problem" in chosen) return yield* failed(chosen)
    const files = yield* Effect.forEach(chosen, (one) => sourceFile(settings, place, one, index), {
      concurrency: CONCURRENCY
    })
    return { commit, files }
  }).pipe(Effect.catchTag("HubProblem", (error) => Effect.fail(failed(error))))
  const { commit, files } = yield* resolved
  const content = {
    hub: [name.type, name.repo, commit, name.path],
    files: files.map((file) => [file.name, file.sha256])
  }
  const source: ResolvedSource = {
    uri,
    name: pinnedHubName(uri, commit),
    digest: createHash("sha256").update(canonicalJson(content)).digest("hex"),
    pin: commit,
    files
  }
  return source
})
