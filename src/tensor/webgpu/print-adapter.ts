/** A program: prints the `AdapterFacts` of this machine as JSON. */
import { type AdapterFacts, findAdapter } from "./adapter.ts"

const found = await findAdapter()
const facts: AdapterFacts = typeof found === "string" ? found : { name: found.name, hardware: found.hardware }
process.stdout.write(JSON.stringify(facts), () => process.exit(0))
