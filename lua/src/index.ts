import { readFileSync } from 'node:fs';

const FOLDER = new URL('../', import.meta.url);

/**
 * One Redis script: all that must be atomic of one operation. Its header in `lua/` is the contract.
 * A line `-- @include shared/x.lua` is replaced by that file, with its own includes in place, where it comes first:
 * Redis scripts can require nothing.
 */
function script(name: string): string {
  const included = new Set<string>();
  const assembled = (path: string): string =>
    read(path).replace(/^-- @include (\S+)$/gm, (_line, include: string) => {
      if (included.has(include)) return '';
      included.add(include);
      return assembled(include);
    });
  return assembled(`${name}.lua`);
}

function read(path: string): string {
  return readFileSync(new URL(path, FOLDER), 'utf8');
}

export const scripts = {
  take: script('take'),
  settle: script('settle'),
  hold: script('hold'),
  endHold: script('end-hold'),
  extendHold: script('extend-hold'),
  undoExtension: script('undo-extension'),
  settleHold: script('settle-hold'),
  refund: script('refund'),
  giveBack: script('give-back'),
  setUsage: script('set-usage'),
  setOverrides: script('set-overrides'),
  packs: script('packs'),
  probe: script('probe'),
  rulesWriteOne: script('rules-write-one'),
  rulesWriteMany: script('rules-write-many'),
  rulesStage: script('rules-stage'),
  rulesReplace: script('rules-replace'),
  rulesChangesSince: script('rules-changes-since'),
  rulesPage: script('rules-page'),
  nodeHeartbeat: script('node-heartbeat'),
  controlsMerge: script('controls-merge'),
} as const;
