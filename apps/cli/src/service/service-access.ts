import { type Command, Option } from 'commander';
import { CliError } from '../terminal/cli-error.js';

/** Where a service is, and the keys it wants. */
export interface ServiceAccess {
  /** Without a slash at its end. */
  readonly url: string;
  readonly adminKey?: string;
  /** For calls as a program makes them; an admin key may do everything. */
  readonly checkKey?: string;
}

/** The options of every command that asks a service, as commander gives them. */
export interface AccessOptions {
  readonly adminKey?: string;
  readonly checkKey?: string;
}

/** Keys belong into the environment: other users of the machine see a command's arguments. */
export function withAccess(command: Command): Command {
  return command
    .argument('<url>', 'the address of the service or of its load balancer, like http://localhost:3000')
    .addOption(new Option('--admin-key <key>', 'an admin key of the service; better in SUNDIAL_ADMIN_KEY'))
    .addOption(
      new Option('--check-key <key>', 'a check key; better in SUNDIAL_CHECK_KEY (default: the admin key)'),
    );
}

/** @throws CliError for an address that can never work. */
export function accessOf(
  address: string,
  options: AccessOptions,
  env: Readonly<Record<string, string | undefined>>,
): ServiceAccess {
  const adminKey = options.adminKey ?? (env['SUNDIAL_ADMIN_KEY'] || undefined);
  const checkKey = options.checkKey ?? (env['SUNDIAL_CHECK_KEY'] || adminKey);
  return {
    url: addressOf(address),
    ...(adminKey !== undefined && { adminKey }),
    ...(checkKey !== undefined && { checkKey }),
  };
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CliError(`"${text}" is no address of a service: write it like http://localhost:3000.`);
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new CliError(
      `"${text}" must hold no user name, query or fragment: keys belong into SUNDIAL_ADMIN_KEY.`,
    );
  }
  return url.href.replace(/\/+$/, '');
}
