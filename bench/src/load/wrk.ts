import { spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitOf } from '../../../test/support/guarded-process.js';
import { temporaryDirectory } from '../../../test/support/temporary-directory.js';

const USERS = 10_000;
/** One `POST /check` of a random user. */
const SCRIPT = `
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
request = function()
  return wrk.format(nil, "/check", nil, string.format('{"resource":"ocr","subject":{"user":"u%06d"}}', math.random(0, ${USERS - 1})))
end
done = function(summary)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("answered %d failed %d\\n", summary.requests, failed))
end
`;

export interface WrkRun {
  readonly perSecond: number;
  /** Of wrk itself, seconds of one core. */
  readonly cpuSeconds: number;
}

/** Whether the machine has `wrk`, a load generator in C. */
export function hasWrk(): boolean {
  return spawnSync('wrk', ['--version']).error === undefined;
}

/** Single checks from one thread of wrk. @throws Error where one of them was not answered with 200. */
export async function wrk(port: number, connections: number, durationMs: number): Promise<WrkRun> {
  const directory = await temporaryDirectory();
  try {
    const script = join(directory.path, 'check.lua');
    await writeFile(script, SCRIPT);
    const seconds = Math.max(1, Math.round(durationMs / 1_000));
    const command = `wrk -t1 -c${connections} -d${seconds}s -s '${script}' http://127.0.0.1:${port}`;
    // The second line of times is what the children of the shell took.
    const shell = spawn('sh', ['-c', `${command} && times`], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    shell.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    await exitOf(shell);
    return read(output, seconds);
  } finally {
    await directory.remove();
  }
}

function read(output: string, seconds: number): WrkRun {
  const [, answered = '', failed = ''] = /^answered (\d+) failed (\d+)$/m.exec(output) ?? [];
  const [, ...times] = /\n\S+ \S+\n(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(output) ?? [];
  const [userMinutes = 0, user = 0, systemMinutes = 0, system = 0] = times.map(Number);
  if (answered === '' || failed !== '0' || times.length === 0) throw new Error(`wrk failed:\n${output}`);
  return {
    perSecond: Number(answered) / seconds,
    cpuSeconds: 60 * (userMinutes + systemMinutes) + user + system,
  };
}
