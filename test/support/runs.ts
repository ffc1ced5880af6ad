/**
 * How many cases of a property are tried: `npm test` tries some, other ones in each run, and `npm run campaigns`, which is run by hand,
 * tries all of the same properties.
 */
export function runs({
  inTest,
  inCampaign,
}: {
  readonly inTest: number;
  readonly inCampaign: number;
}): number {
  return process.env['SUNDIAL_CAMPAIGN'] === 'on' ? inCampaign : inTest;
}
