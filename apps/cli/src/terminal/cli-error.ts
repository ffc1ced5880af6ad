import type { InputError } from '@sundial/contract';

/** What a service said beside its sentence, where it answered with a problem. */
interface ProblemParts {
  readonly code?: string;
  readonly status?: number;
  /** What is wrong with the input, where that is what is wrong. */
  readonly errors?: readonly InputError[];
}

/** Why a command can't do its work, as a sentence for the operator that says what to change. It ends with exit code 2. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly code: string | undefined;
  readonly status: number | undefined;
  readonly errors: readonly InputError[];

  constructor(message: string, { code, status, errors = [] }: ProblemParts = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.errors = errors;
  }
}

/** What went wrong, in the words of the system. */
export function reasonOf(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? message : String(error);
}
