/** A share in words, such as `12 %` or `< 1 %`. */
export function percent(share: number): string {
  return `${share > 0 && share < 0.01 ? '< 1' : Math.round(100 * share)} %`;
}
