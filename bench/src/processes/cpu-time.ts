import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** Seconds of one core that the process has taken, all of its threads together. Linux only. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // Its second field is the name of the program, in parentheses, and may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user, system] = [fields[11], fields[12]].map(Number);
  return (user! + system!) / TICKS_PER_SECOND;
}
