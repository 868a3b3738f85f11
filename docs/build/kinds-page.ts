/** The artifact kinds and the formats of SAEs, from what stands in `src/kinds`. */
import * as api from "../../src/api/kinds.ts"
import type { ArtifactKind } from "../../src/artifact/artifact-kind.ts"
import { formats } from "../../src/kinds/sae/formats.ts"
import { section, table } from "./markdown.ts"
import type { Page } from "./markdown.ts"

const isKind = (value: unknown): value is ArtifactKind =>
  typeof value === "object" && value !== null && "open" in value && "version" in value

export const kindsPage = (): Page => ({
  name: "artifact-kinds",
  title: "Artifact kinds and formats",
  text:
    "An artifact is an immutable tree of files with flat metrics; its kind says what the files hold and how to open them. " +
    "`pipeline export FILE STAGE DIR` copies the files out.\n" +
    section(
      "Artifact kinds",
      table(
        ["kind", "version", "what"],
        Object.values<unknown>(api)
          .filter(isKind)
          .map(({ name, version, description }) => [name, String(version), description])
      )
    ) +
    section(
      "Formats of SAEs",
      `Read by \`import-sae\` and \`pipeline convert\`; those that can be written, by \`export-sae\` and \`pipeline convert\`, too.\n\n${table(
        ["format", "files", "written"],
        [...formats.values()].map(({ name, files, write }) => [name, files, write === undefined ? "" : "yes"])
      )}`
    )
})
