import { fileURLToPath } from 'node:url';
import { run } from '../../apps/cli/src/run.js';
import { exitOf, spawnGuarded } from './guarded-process.js';

/** The built program, as `npx sundial` runs it. */
export const SUNDIAL_MAIN = fileURLToPath(new URL('../../apps/cli/dist/main.js', import.meta.url));

type Env = Readonly<Record<string, string>>;

interface Ended {
  readonly code: number | NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command line, in this process and from the sources. */
export async function sundial(args: readonly string[], env: Env): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  const code = await run(args, {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env,
    signal: new AbortController().signal,
  });
  return { code, stdout, stderr };
}

/** One command line as a process of its own, with nothing of this one's environment but PATH. */
export async function spawnSundial(args: readonly string[], env: Env = {}, stdin = ''): Promise<Ended> {
  const child = spawnGuarded(process.execPath, [SUNDIAL_MAIN, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  const code = await exitOf(child);
  return { code, stdout, stderr };
}
