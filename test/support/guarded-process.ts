import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

/** The guard waits for the end of its stdin, which comes when this process is gone, however it went. */
const GUARD = 'read _; kill -KILL "$0" 2>/dev/null';

/**
 * Starts a child that never outlives this process. Exit hooks are not enough: Jest gives a test a copy of
 * `process`, and kills workers.
 */
export function spawnGuarded(command: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const child = spawn(command, args, options);
  if (child.pid === undefined) return child;
  const guard = spawn('sh', ['-c', GUARD, String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  child.once('exit', () => guard.kill('SIGKILL'));
  return child;
}

/** The exit code of a child, or the signal that ended it. */
export function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'SIGKILL'));
  });
}

/** Asks a child to end, makes it when it does not in time, and gives what it ended with. */
export async function endProcess(
  child: ChildProcess,
  { signal = 'SIGTERM', withinMs }: { readonly signal?: NodeJS.Signals; readonly withinMs: number },
): Promise<number | NodeJS.Signals> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode!;
  const exit = exitOf(child);
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
  try {
    return await exit;
  } finally {
    clearTimeout(late);
  }
}
