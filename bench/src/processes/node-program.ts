import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawnGuarded } from '../../../test/support/guarded-process.js';

const RUN_TYPESCRIPT = 'run-typescript.mjs';

/** Starts a program of this folder, with nothing of the environment but PATH. */
export function startProgram(
  program: string,
  args: readonly string[],
  { stdio = ['ignore', 'ignore', 'inherit'] }: Pick<SpawnOptions, 'stdio'> = {},
): ChildProcess {
  const command = [...flagsFor(program), program, ...args];
  return spawnGuarded(process.execPath, command, { stdio, env: { PATH: process.env.PATH } });
}

/**
 * The flags of this process, so that `node --cpu-prof …` profiles all that it starts; a program that is built runs
 * without the compiler beside it, as it does where it is deployed.
 */
export function flagsFor(program: string): string[] {
  const flags = process.execArgv;
  if (program.endsWith('.ts')) return [...flags];
  const compiler = flags.findIndex((flag) => flag.endsWith(RUN_TYPESCRIPT));
  const isSeparate = flags[compiler - 1] === '--import';
  return flags.filter((_, index) => index !== compiler && !(isSeparate && index === compiler - 1));
}
