import { cpus, totalmem } from 'node:os';

const GIB = 2 ** 30;

/** What the figures depend on, in a line. */
export function machine(redisVersion: string): string {
  const cores = cpus();
  const memory = `${Math.round(totalmem() / GIB)} GiB`;
  return `${cores.length} × ${cores[0]?.model ?? 'unknown'}, ${memory}, Node.js ${process.versions.node}, Redis ${redisVersion}`;
}
