#!/usr/bin/env node
// Starts the command line on a Node that can run it: the sources are TypeScript, which Node strips from 22.19 on.
// Plain JavaScript that an old Node understands, because the machine's own Node may be one.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import * as nodeModule from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const main = join(root, "src", "cli", "main.ts")
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

if (major > 22 || (major === 22 && minor >= 19)) {
  // Before the first import of TypeScript: stripped and compiled modules are kept between runs.
  nodeModule.enableCompileCache()
  await import(main)
} else {
  const node = [join(root, "node_modules", ".bin", "node"), join(root, "..", ".bin", "node")].find(existsSync)
  if (node === undefined) {
    console.error(
      `pipeline needs Node 22.19 or newer, this is ${process.versions.node}.\n` +
        "  The npm package `node` brings one: run `npm ci` in the project (without --ignore-scripts), or install Node 22."
    )
    process.exit(2)
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" })
  // A terminal sends Ctrl-C to the whole group; signals sent to this process alone are passed on.
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
  process.on("SIGINT", () => {})
  child.on("exit", (code, signal) => {
    if (signal !== null) process.kill(process.pid, signal)
    process.exit(code ?? 1)
  })
}
