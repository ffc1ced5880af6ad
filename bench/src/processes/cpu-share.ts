import type { ChildProcess } from 'node:child_process';
import { endProcess, exitOf, spawnGuarded } from '../../../test/support/guarded-process.js';

const CORE = '0';
const OTHER_CORE = '1';
const STOP_LIMIT_MS = 5_000;
const SPIN = 'while :; do :; done';

/** Holds a process to a part of one core, by neighbours on that core that take all they can get. */
export class CpuShare {
  private constructor(private readonly neighbours: readonly ChildProcess[]) {}

  /** `parts`: it gets one of so many; `others` are kept away from that core. Linux only. */
  static async hold(pid: number, parts: number, others: readonly number[]): Promise<CpuShare> {
    await pin(pid, CORE);
    for (const other of others) await pin(other, OTHER_CORE);
    return new CpuShare(
      Array.from({ length: parts - 1 }, () =>
        spawnGuarded('taskset', ['-c', CORE, 'sh', '-c', SPIN], { stdio: 'ignore' }),
      ),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.neighbours.map((one) => endProcess(one, { withinMs: STOP_LIMIT_MS })));
  }
}

async function pin(pid: number, core: string): Promise<void> {
  const pinned = spawnGuarded('taskset', ['-a', '-c', '-p', core, String(pid)], { stdio: 'ignore' });
  const code = await exitOf(pinned);
  if (code !== 0) throw new Error(`taskset could not hold ${pid} to a core.`);
}
