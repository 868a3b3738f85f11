#!/usr/bin/env node
// Starts the command line on a Node that can run it: 22.19 or newer.
// Plain JavaScript that an old Node understands, because the machine's own Node may be one.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)

/** The Node that the npm package `node` brings. */
const findNode = () => {
  try {
    const node = join(dirname(createRequire(import.meta.url).resolve("node/package.json")), "bin", "node")
    return existsSync(node) ? node : undefined
  } catch {
    return undefined
  }
}

const runOn = (node) => {
  const environment = { ...process.env, PIPELINE_STARTED_BY: String(process.pid) }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: environment
  })
  // A terminal sends Ctrl-C to both; a second SIGINT does no more than the first.
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"]
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on("exit", (code, signal) => {
    for (const each of signals) process.removeAllListeners(each)
    if (signal !== null) process.kill(process.pid, signal)
    else process.exit(code)
  })
}

if (major > 22 || (major === 22 && minor >= 19)) {
  // Started by an older Node that is killed: the channel to it closes, and this run ends as for SIGTERM.
  if (process.env.PIPELINE_STARTED_BY === String(process.ppid) && process.channel) {
    process.channel.unref()
    process.once("disconnect", () => process.kill(process.pid, "SIGTERM"))
  }
  delete process.env.PIPELINE_STARTED_BY
  await import("./bundle/start.mjs")
} else {
  const node = findNode()
  if (node === undefined) {
    console.error(
      `pipeline needs Node 22.19 or newer, this is ${process.versions.node}.\n` +
        "  The npm package `node` brings one: install again without --ignore-scripts, and with `node` among `allowScripts`\n" +
        "  of your package.json; or install Node 22."
    )
    process.exit(2)
  }
  runOn(node)
}
