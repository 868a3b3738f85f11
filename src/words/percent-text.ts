/** `12.5 %`, of a share of one. */
export const percentText = (share: number): string => `${(100 * share).toFixed(1)} %`
