/** Suggestions, for the specification and the plan; models use them too, and those know nothing of a specification. */
export { editDistance, nearest, suggest, suggestOrList } from "../text/did-you-mean.ts"
