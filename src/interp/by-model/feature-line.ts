/** How every question about an explanation begins. */
export const featureLine = (explanation: string): string => `The feature: ${explanation}\n\n`
