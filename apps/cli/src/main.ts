#!/usr/bin/env node
import { run } from './run.js';

// The first signal lets a command put back what it changed; a second one ends the process at once.
const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort());

const { stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), { stdout, stderr, env, signal: interruption.signal });
