/**
 * How files of this package's code end: `.ts` where the sources run, `.js` in the built package. For modules that are named
 * by a text, which no compiler rewrites: workers, and what is found by its name in a folder.
 */
export const codeEnding: ".ts" | ".js" = import.meta.url.endsWith(".ts") ? ".ts" : ".js"
