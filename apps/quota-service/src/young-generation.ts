/**
 * How Node.js is to be started. With its default of 16 MiB, what requests in flight hold is in about half of all processes
 * taken for long-lived, and with it all later requests: 3.5 KB of each go to the old generation, a check takes up to a quarter
 * more processor time, and collecting them stops a store of a million subjects for hundreds of milliseconds.
 */
const FLAG = '--max-semi-space-size';
const ADVICE = `start Node.js with ${FLAG}=32: else what requests hold may fill the old generation, which costs processor time and memory`;

/** What to say to an operator who started the service without it. */
export function youngGenerationAdvice(
  flags: readonly string[] = [...process.execArgv, process.env.NODE_OPTIONS ?? ''],
): string | undefined {
  return flags.some((flag) => flag.replaceAll('_', '-').includes(FLAG)) ? undefined : ADVICE;
}
