import { readFileSync } from 'node:fs';

const FOLDER = new URL('../', import.meta.url);

/**
 * One Redis script: all that must be atomic of one operation. Its header in `lua/` is the contract.
 * A line `-- @include shared/x.lua` is replaced by that file, since Redis scripts can require nothing.
 */
function script(name: string): string {
  return read(`${name}.lua`).replace(/^-- @include (\S+)$/gm, (_line, included: string) => read(included));
}

function read(path: string): string {
  return readFileSync(new URL(path, FOLDER), 'utf8');
}

export const scripts = {
  take: script('take'),
  settle: script('settle'),
  probe: script('probe'),
  rulesWrite: script('rules-write'),
  rulesChange: script('rules-change'),
  rulesStage: script('rules-stage'),
  rulesReplace: script('rules-replace'),
  rulesChanges: script('rules-changes'),
  rulesPage: script('rules-page'),
  rulesHeartbeat: script('rules-heartbeat'),
} as const;
