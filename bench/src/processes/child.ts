import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const STOP_LIMIT_MS = 5_000;
const READY_LIMIT_MS = 20_000;
const READY_POLL_MS = 20;

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a process that ends with this one at the latest, with nothing of its environment but PATH. */
export function start(
  command: string,
  args: readonly string[],
  { stdio = ['ignore', 'ignore', 'inherit'], env }: Pick<SpawnOptions, 'stdio' | 'env'> = {},
): ChildProcess {
  const child = spawn(command, args, { stdio, env: { PATH: process.env.PATH, ...env } });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Starts a Node program with the flags of this process, so that `node --cpu-prof …` profiles all of them. */
export function startNode(
  program: string,
  args: readonly string[],
  options: Pick<SpawnOptions, 'stdio' | 'env'>,
): ChildProcess {
  return start(process.execPath, [...process.execArgv, program, ...args], options);
}

/** Asks it to end, and makes it. */
export async function stop(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await exit;
  clearTimeout(late);
}

/** Tries until `probe` says true; what it throws means not yet. */
export async function until(
  what: string,
  probe: () => Promise<boolean>,
  { limitMs = READY_LIMIT_MS, pollMs = READY_POLL_MS } = {},
): Promise<void> {
  const giveUpAt = performance.now() + limitMs;
  while (!(await probe().catch(() => false))) {
    if (performance.now() > giveUpAt) throw new Error(`Waited in vain for ${what}.`);
    await sleep(pollMs);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
