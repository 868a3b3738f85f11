/**
 * In CI a property is tried on the same examples each time, so that what turns a run red is the change in it. Everywhere else they
 * are new ones each time, and a rare counterexample is found by who can look into it.
 */
if (process.env["CI"] !== undefined) {
  const { default: fc } = await import("fast-check")
  fc.configureGlobal({ seed: 20_240_229 })
}
