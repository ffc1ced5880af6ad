import { integerOption } from '../command/options.js';

/** As many failures in a row raise the alarms that ship; with fewer calls there would be none. */
const MIN_CALLS = 12;
const MAX_CALLS = 200;

export const callsOption = integerOption(MIN_CALLS, MAX_CALLS);
export const deadlineOption = integerOption(10, 5_000);
export const toleranceOption = integerOption(0, 60_000);
