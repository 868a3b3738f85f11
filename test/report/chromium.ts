/** A real Chromium for tests: that of the system, or the one `CHROMIUM` names. Elsewhere they are skipped, and say so. */
import { existsSync } from "node:fs"
import { type Browser, chromium } from "playwright-core"

const path = [process.env["CHROMIUM"], "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  (file) => file !== undefined && existsSync(file)
)

if (path === undefined) {
  process.stderr.write(
    "SKIPPED: pages are not opened in a browser here: `apt-get install chromium`, or CHROMIUM=PATH\n"
  )
}

export const chromiumHere = path !== undefined

/** The sandbox needs rights that a container does not have; what is opened is our own. */
export const launchChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: path as string, args: ["--no-sandbox"] })
