/** Why a command can't do its work, as a sentence for the operator that says what to change. It ends with exit code 2. */
export class CliError extends Error {
  override readonly name = 'CliError';

  /** @param code the service's own, where it answered with a problem. */
  constructor(
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}
