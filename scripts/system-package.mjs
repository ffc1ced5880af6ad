import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * @typedef {{ command: string, needsRoot: boolean, refresh?: string[], install: string[] }} PackageManager
 * @typedef {{ [manager: string]: string[] }} PackageNames the names one thing goes by, for each manager, best first
 */

/** @type {readonly PackageManager[]} */
const MANAGERS = [
  { command: 'apt-get', needsRoot: true, refresh: ['update', '-q'], install: ['install', '-y', '-q'] },
  { command: 'apk', needsRoot: true, install: ['add', '--no-cache'] },
  { command: 'dnf', needsRoot: true, install: ['install', '-y'] },
  { command: 'brew', needsRoot: false, install: ['install'] },
];

/**
 * The path of a command on PATH, if it is there.
 * @param {string} command
 */
export function onPath(command) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

/** @param {string} path */
export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Installs a package where this user may without being asked: as root, with a sudo that wants no password, or
 * with Homebrew. Everything the package manager says goes to stderr. `arrived` says when to stop trying names.
 * @param {PackageNames} names
 * @param {() => boolean} arrived
 */
export function installSystemPackage(names, arrived) {
  const manager = MANAGERS.find(({ command }) => names[command] && onPath(command));
  const privilege = manager && privilegeFor(manager);
  if (!manager || !privilege) return;
  const run = (/** @type {string[]} */ ...args) => {
    const [command = '', ...rest] = [...privilege, manager.command, ...args];
    spawnSync(command, rest, { stdio: ['ignore', 2, 2] });
  };
  if (manager.refresh) run(...manager.refresh);
  for (const name of names[manager.command] ?? []) {
    process.stderr.write(`Installing ${name} with ${manager.command}.\n`);
    run(...manager.install, name);
    if (arrived()) return;
  }
}

/**
 * What to put before the manager's command, or undefined where this user may not install.
 * @param {PackageManager} manager
 */
function privilegeFor({ needsRoot }) {
  const quiet = ['env', 'DEBIAN_FRONTEND=noninteractive'];
  if (!needsRoot || process.getuid?.() === 0) return quiet;
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n', ...quiet] : undefined;
}
