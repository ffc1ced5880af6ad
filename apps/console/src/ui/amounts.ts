/** Amounts by meter, as people say them. */
export function amountsText(amounts: unknown): string {
  return Object.entries(amounts as Readonly<Record<string, number>>)
    .map(([meter, amount]) => `${amount} ${meter}`)
    .join(', ');
}
