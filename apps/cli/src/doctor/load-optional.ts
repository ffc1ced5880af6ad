import { CliError } from '../terminal/cli-error.js';

/**
 * A package that only this look needs: a program that asks a service installs neither a Redis client nor one of PostgreSQL.
 * @throws CliError that says what to install.
 */
export async function optional<T>(name: string, load: () => Promise<T>, what: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string };
    if (!/^(ERR_)?MODULE_NOT_FOUND$/.test(String(code)) || !message.includes(name)) throw error;
    throw new CliError(
      `${what} needs the package ${name}, which is not installed: npm install ${name}, or npx -p @sundial/cli -p ${name} sundial doctor …`,
    );
  }
}
